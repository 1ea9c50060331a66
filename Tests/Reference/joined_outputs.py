#!/usr/bin/env python3
"""Models whose output joins branches of very different ranges, boxes beside scores: int8, whole path.

usage: joined_outputs.py BINARY [--show]

On the device such an output is one output for each branch, since one scale would lose the small ones. For each model:
- `edgeopt quantize` says so, and describes both outputs (name, scale, permutation);
- in tflite-micro each of them keeps at least 30 dB against ONNX Runtime;
- the accuracy with labels is that of the joined output, as `compare` tells of the files alone in either order;
- ranges from a file give the same network.
"""
import json
import pathlib
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import micro
import reference

COUNT, FLOOR = 64, 30


def model(nodes, shape, rank, **constants):
    graph = helper.make_graph(
        nodes, "joined", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * rank)],
        [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in constants.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def branches(product, axis):
    """Boxes up to some hundreds beside scores from 0 to 1."""
    return [product, helper.make_node("Mul", ["h", "k"], ["boxes"]), helper.make_node("Sigmoid", ["h"], ["scores"]),
            helper.make_node("Concat", ["boxes", "scores"], ["y"], axis=axis)]


def models():
    """(name, model, the samples' shape, the axis, where the scores begin)"""
    random = np.random.default_rng(5)
    dense = helper.make_node("MatMul", ["x", "w"], ["h"])
    yield "products", model(branches(dense, 1), ["N", 8], 2, w=random.standard_normal([8, 4]), k=300), [8], 1, 4
    convolution = helper.make_node("Conv", ["x", "w"], ["h"], kernel_shape=[3, 3])
    weights = random.standard_normal([5, 3, 3, 3]) / 5
    yield "windows", model(branches(convolution, 1), ["N", 3, 8, 7], 4, w=weights, k=300), [3, 8, 7], 1, 5
    yield "windows side by side", model(branches(convolution, 3), ["N", 3, 8, 7], 4, w=weights, k=300), [3, 8, 7], 3, 5


def decibels(got, wanted):
    return 10 * np.log10(np.sum(wanted.astype(np.float64) ** 2) / np.sum((got.astype(np.float64) - wanted) ** 2))


def stored(port, x):
    """Samples as the device's input takes them."""
    if port.get("permutation"):
        x = x.transpose(port.get("permutation"))
    x = np.clip(np.round(x / np.float32(port["scale"])) + port["zero_point"], -128, 127).astype(np.int8)
    return x.reshape(len(x), *port["shape"])


def real(port, values):
    """The numbers of an output, in the source's layout."""
    values = (values.astype(np.float32) - port["zero_point"]) * np.float32(port["scale"])
    shape, order = port["source_shape"], port.get("permutation")
    if not order:
        return values.reshape(len(values), *shape[1:])
    return values.reshape(len(values), *(shape[axis] for axis in order[1:])).transpose(np.argsort(order))


def check(binary, show, folder, name, graph, shape, axis, border):
    onnx.save(graph, folder / "model.onnx")
    x = np.clip(np.random.default_rng(1).standard_normal([COUNT, *shape]), -2, 2).astype(np.float32)
    y = reference.session(folder / "model.onnx").run(None, {"x": x})[0]
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    labels = ["--data", folder / "x.npy", "--labels", folder / "y.npy", "--metric", "sqnr", "--json"]
    target = folder / "model.tflite"
    document = json.loads(reference.call(
        binary, ["quantize", folder / "model.onnx", "--calib", folder / "x.npy", "-o", target, "--force", *labels]))
    names = [port["name"] for port in document["after"]["outputs"]]
    if names != ["y_0", "y_1"]:
        return f"the report names the outputs {names}"
    if not any("'y' is 2 outputs" in note for note in document["notes"]):
        return "no note says that the output is split"
    if not any(rewrite["kind"] == "output" and "several branches" in rewrite["what"] for rewrite in document["changes"]):
        return "the split is not among the rewrites"
    made, _ = micro.run(target, [stored(document["after"]["inputs"][0], x)])
    if len(made) != 2:
        return f"{len(made)} outputs in tflite-micro"
    parts = [real(port, values) for port, values in zip(document["after"]["outputs"], made)]
    found = [decibels(*pair) for pair in zip(parts, np.split(y, [border], axis))]
    if show:
        print(f"{name}: boxes {found[0]:.1f} dB, scores {found[1]:.1f} dB", flush=True)
    if min(found) < FLOOR:
        return f"{min(found):.1f} dB, at least {FLOOR} wanted"
    whole = decibels(np.concatenate(parts, axis), y)
    for said in (document["quality"]["after"]["value"], document["quality"]["output_sqnr"]):
        if abs(said - whole) > 0.01:
            return f"the report says {said:.2f} dB, the interpreter gives {whole:.2f}"
    pairs = {"after": (folder / "model.onnx", target), "before": (target, folder / "model.onnx")}
    for place, pair in pairs.items():
        quality = json.loads(reference.call(binary, ["compare", *pair, *labels]))["quality"]
        if abs(quality[place]["value"] - whole) > 0.01:
            return f"compared as the model {place}: {quality[place]['value']:.2f} dB, the interpreter gives {whole:.2f}"
    ranges = folder / "ranges.json"
    reference.call(binary, ["calibrate", folder / "model.onnx", "--calib", folder / "x.npy", "-o", ranges, "--force", "--quiet"])
    again = json.loads(reference.call(
        binary, ["quantize", folder / "model.onnx", "--ranges", ranges, "-o", target, "--force", *labels]))
    if again["quality"]["after"] != document["quality"]["after"]:
        return "another accuracy with ranges from a file"
    return None


def main():
    options = reference.arguments(__doc__.splitlines()[0], show=False)
    tally = reference.Tally("joined outputs")
    with tempfile.TemporaryDirectory() as folder:
        for name, *case in models():
            tally.attempt(name, lambda: check(options.binary, options.show, pathlib.Path(folder), name, *case))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
