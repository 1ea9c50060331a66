#!/usr/bin/env python3
"""What the report of `edgeopt quantize` states, found out another way.

usage: report_facts.py BINARY [--show]

On the digits model, for `--json` and `--report FILE.json`:
- both files' sizes, SHA-256 (hashlib) and compressed sizes (zlib at level 9); weight and graph bytes add up;
- the arena, its peak and its advice are those that `edgeopt inspect` states; no two buffers of the plan that live at one
  time overlap, the most that is alive is the lower bound, and the head is where the highest buffer ends;
- for each layer the signal to noise ratio and the cosine of the device's tensor (`edgeopt run --dump-layers`) beside ONNX
  Runtime's on the same samples, and its histogram and extremes; bytes, parameters and multiply-accumulates of all
  layers are those of the model;
- shares of the error are from 0 to 1, together 1;
- two runs, one with 1 thread and another instruction set, differ in nothing but `run`.
"""
import hashlib
import json
import pathlib
import sys
import tempfile
import zlib

import numpy as np
import onnx

import corpus
import reference

SAMPLES = 16


def quantize(binary, model, folder, arguments=(), environment=None):
    command = ["quantize", model.path, "--calib", model.calibration, "--samples", SAMPLES, "--calib-method", "minmax",
               "-o", folder / "model.tflite", "--report", folder / "report.json", "--json", "--force", *model.arguments]
    text = reference.call(binary, [*command, *arguments], environment=environment)
    if text != (folder / "report.json").read_text():
        raise AssertionError("--json and --report differ")
    return json.loads(text)


def files(document, paths):
    """What is wrong with the facts of the files, or None."""
    for side, path in zip(("before", "after"), paths):
        facts, data = document[side], path.read_bytes()
        stated = facts["sha256"], facts["file_bytes"], facts["compressed_bytes"], facts["weight_bytes"] + facts["graph_bytes"]
        found = hashlib.sha256(data).hexdigest(), len(data), len(zlib.compress(data, 9)), len(data)
        if stated != found:
            return f"{side}: {stated} stated, {found} found"
        # No constant has more bytes than the file, and most of these small files are constants.
        if not len(data) / 2 < facts["weight_bytes"] < len(data):
            return f"{side}: {facts['weight_bytes']} bytes of weights in {len(data)}"
    provenance = {entry["name"]: entry["value"] for entry in document["after"]["provenance"]}
    if provenance["model_sha256"] != document["before"]["sha256"]:
        return "the provenance names another model"
    return None


def memory(document, inspected):
    """What is wrong with the arena, or None."""
    arena, wanted = document["after"]["arena"], inspected["arena"]
    for name in ("head", "tail", "minimum", "lower_bound"):
        if arena[name] != wanted["cortex_m"][name]:
            return f"{name} is {arena[name]}, {wanted['cortex_m'][name]} inspected"
    if (arena["peak"], arena["best_head"]) != (wanted["peak"]["at"], wanted["peak"]["best_plan_head"]):
        return f"the peak is at {arena['peak']}, {wanted['peak']['at']} inspected"
    place = lambda buffer: (buffer["offset"], buffer["offset"] + -(-buffer["bytes"] // 16) * 16)
    buffers = arena["buffers"]
    if arena["head"] != max(place(buffer)[1] for buffer in buffers):
        return "the head does not end with the highest buffer"
    for tick, moment in enumerate(arena["timeline"]):
        alive = sorted(place(buffer) for buffer in buffers if buffer["first"] <= tick <= buffer["last"])
        if moment["bytes"] != sum(end - start for start, end in alive):
            return f"at {moment['name']} {moment['bytes']} bytes are alive, the buffers say otherwise"
        if any(first[1] > second[0] for first, second in zip(alive, alive[1:])):
            return f"buffers overlap at {moment['name']}"
    if arena["lower_bound"] != max(moment["bytes"] for moment in arena["timeline"]):
        return "the lower bound is not the most that is alive"
    return None


def tensors(binary, model, document, folder, samples):
    """For each layer's name ONNX Runtime's numbers and the device's, as flat arrays, the device's in its own layout."""
    graph = onnx.load(str(model.path))
    known = {output for node in graph.graph.node for output in node.output}
    names = [layer["name"] for layer in document["layers"] if layer["name"] in known]
    del graph.graph.output[:]
    graph.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = reference.session(graph)
    feed = session.get_inputs()[0].name
    expected = {name: [] for name in names}
    for sample in samples:
        for name, value in zip(names, session.run(names, {feed: sample[None]})):
            value = value.transpose(0, 2, 3, 1) if value.ndim == 4 else value
            expected[name].append(value.ravel())
    port = document["after"]["inputs"][0]
    found = {name: [] for name in names}
    for index, sample in enumerate(samples):
        np.save(folder / "x.npy", sample.transpose(1, 2, 0)[None].reshape(port["shape"]))
        layers = folder / "layers"
        reference.call(binary, ["run", folder / "model.tflite", "--input", folder / "x.npy", "--output-dir", folder / "out",
                                "--dump-layers", layers, "--force"])
        for layer in document["layers"]:
            if layer["name"] in found:
                stored = np.load(layers / reference.file_name(layer["name"])).astype(np.float64)
                reals = (stored - layer["range"]["zero_point"]) * layer["range"]["scale"]
                found[layer["name"]].append(reals.ravel())
    flat = lambda values: {name: np.concatenate(parts) for name, parts in values.items()}
    return flat(expected), flat(found)


def layers(document, expected, found, show):
    """What is wrong with the layers, or None."""
    compared = 0
    for layer in document["layers"]:
        name = layer["name"]
        if name not in expected:
            continue
        compared += 1
        exact, rounded = expected[name].astype(np.float64), found[name]
        sqnr = 10 * np.log10(np.square(exact).sum() / np.square(exact - rounded).sum())
        cosine = (exact * rounded).sum() / np.sqrt(np.square(exact).sum() * np.square(rounded).sum())
        if show:
            print(f"  {name}: {sqnr:.2f} dB, {cosine:.6f}; stated {layer['sqnr']:.2f} dB, {layer['cosine']:.6f}")
        if abs(sqnr - layer["sqnr"]) > 0.02 or abs(cosine - layer["cosine"]) > 1e-5:
            return f"{name}: {sqnr:.2f} dB and {cosine:.6f}, {layer['sqnr']:.2f} dB and {layer['cosine']:.6f} stated"
        problem = histogram(layer["activations"], exact)
        if problem:
            return f"the histogram of {name} {problem}"
        ends = layer["range"]["least"], layer["range"]["greatest"]
        if not np.allclose(ends, (exact.min(), exact.max()), atol=1e-4):
            return f"{name} goes from {exact.min()} to {exact.max()}, {ends} stated"
    return None if compared >= 10 else f"{compared} layers have the names of ONNX tensors"


def histogram(stated, values):
    start, width, counts = stated["start"], stated["width"], stated["counts"]
    if sum(counts) != len(values) or len(counts) > 64:
        return f"counts {sum(counts)} numbers in {len(counts)} bins, there are {len(values)}"
    wanted, _ = np.histogram(values, bins=len(counts), range=(start, start + width * len(counts)))
    # ONNX Runtime adds up in another order: a few numbers cross from one bin to the next.
    if np.abs(np.cumsum(wanted) - np.cumsum(counts)).max() > max(2, len(values) // 1000):
        return f"is {counts}, {wanted.tolist()} found"
    return None


def sums(document):
    """What does not add up, or None."""
    parts, after = document["layers"], document["after"]
    for name, total in (("macs", after["macs"]), ("parameters", after["parameters"]), ("bytes_after", after["weight_bytes"])):
        if sum(layer[name] for layer in parts) != total:
            return f"the layers' {name} make {sum(layer[name] for layer in parts)}, the model has {total}"
    if sum(layer.get("bytes_before", 0) for layer in parts) != document["before"]["weight_bytes"]:
        return "the layers' float weights are not those of the model"
    shares = [layer["error_share"] for layer in parts]
    if min(shares) < 0 or abs(sum(shares) - 1) > 1e-9 or max(shares) >= 1:
        return f"the shares of the error are {shares}"
    weights = [layer for layer in parts if "weights" in layer]
    if not all(0 < sum(layer["weights"]["counts"]) <= layer["parameters"] for layer in weights) or not weights:
        return "the histograms of weights count other numbers than there are"
    return None


def same(binary, model, document, folder):
    """Where another run differs, or None."""
    alone = ["--threads", "1"], {"EDGEOPT_ISA": "ref"}
    runs = [quantize(binary, model, folder), quantize(binary, model, folder, *alone)]
    for found in runs:
        for key in {*document, *found} - {"run"}:
            if document.get(key) != found.get(key):
                return f"'{key}' differs from run to run"
    return None


def main():
    options = reference.arguments(__doc__, show=False)
    tally = reference.Tally("report_facts")
    model = corpus.digits()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        document = quantize(options.binary, model, folder)
        tally.attempt("files", lambda: files(document, (model.path, folder / "model.tflite")))
        inspected = json.loads(reference.call(options.binary, ["inspect", folder / "model.tflite", "--json"]))
        tally.attempt("memory", lambda: memory(document, inspected))
        # A random subset: which one, the calibration's own order does not tell; so all of them are taken.
        subset = folder / "subset.npy"
        np.save(subset, np.load(model.calibration)[:SAMPLES])
        chosen = corpus.dataclasses.replace(model, calibration=subset)
        document = quantize(options.binary, chosen, folder)
        expected, found = tensors(options.binary, model, document, folder, model.samples(subset))
        tally.attempt("layers", lambda: layers(document, expected, found, options.show))
        tally.attempt("sums", lambda: sums(document))
        tally.attempt("two runs", lambda: same(options.binary, chosen, document, folder))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
