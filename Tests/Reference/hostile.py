#!/usr/bin/env python3
"""Bad models, bad data and bad command lines on the built program.

usage: hostile.py BINARY [--only REGEX] [--show]

Each must end with one clear message on standard error and the right exit code, in under 5 s and 1 GB; never with a
crash. --show prints the messages, for people to judge them.
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import reference
from flat import Table, put

SECONDS, MEGABYTES = 5, 1000
MODEL = (reference.DIGITS / "digits_cnn.onnx").read_bytes()

USAGE, BAD_DATA, MISSING, UNSUPPORTED, INPUT_OUTPUT = 64, 65, 66, 69, 74

CASES = []


class Bad:
    """One case: files to write, the command line, the exit codes that are right, and what the message must name."""

    def __init__(self, name, command, codes, mentions=(), files=None):
        self.name, self.command, self.mentions, self.files = name, command, mentions, files or {}
        self.codes = {codes} if isinstance(codes, int) else set(codes)


def bad_model(name, content, codes=BAD_DATA, mentions=(), verb=("inspect",), **files):
    """A model file that `inspect` (or another verb) must refuse."""
    content = content if isinstance(content, bytes) else content.SerializeToString()
    CASES.append(Bad(name, [verb[0], "{}/model.onnx", *verb[1:]], codes, mentions, {"model.onnx": content, **files}))


def model(nodes, inputs, outputs, initializers=(), opset=17, functions=(), **more):
    """A model; inputs and outputs are (name, shape) or (name, shape, type)."""
    info = lambda v: helper.make_tensor_value_info(v[0], v[2] if len(v) > 2 else TensorProto.FLOAT, v[1])
    graph = helper.make_graph(nodes, "g", list(map(info, inputs)), list(map(info, outputs)), list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)] + list(more.pop("domains", [])),
                             functions=list(functions), ir_version=8, **more)


def node(operator, inputs, outputs, **attributes):
    return helper.make_node(operator, inputs, outputs, name=f"node_{outputs[0]}", **attributes)


def relu(**more):
    return model([node("Relu", ["x"], ["y"])], [("x", [1, 4])], [("y", [1, 4])], **more)


def tensor(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


# --- The wire

def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def nested(numbers, depth, core=b""):
    """`depth` messages inside each other, whose field numbers repeat; built from the inside without copying."""
    heads, length = [], len(core)
    for level in range(depth):
        head = varint(numbers[level % len(numbers)] << 3 | 2) + varint(length)
        heads.append(head)
        length += len(head)
    return b"".join(reversed(heads)) + core


def claim(number, length, content=b""):
    """A field that says it is longer than the file."""
    return varint(number << 3 | 2) + varint(length) + content


# --- Files that are no model

bad_model("an empty file", b"")
bad_model("random bytes", np.random.default_rng(1).bytes(4096))
bad_model("a text file", b"This is not a model, it is a sentence.\n" * 20)
bad_model("an image", b"\x89PNG\r\n\x1a\n" + bytes(200))
for part in (0.001, 0.1, 0.33, 0.66, 0.9, 0.999):
    bad_model(f"{part:.1%} of a model", MODEL[: int(len(MODEL) * part)])
CASES.append(Bad("no such file", ["inspect", "{}/nothing.onnx"], MISSING, ["nothing.onnx"]))
CASES.append(Bad("a directory", ["inspect", "{}"], (BAD_DATA, MISSING, INPUT_OUTPUT)))
bad_model("a model without a graph", b"\x08\x08" + field(8, b"\x10\x11"))
bad_model("an empty graph", model([], [], []))
bad_model("a graph without outputs", model([node("Relu", ["x"], ["y"])], [("x", [4])], []))
bad_model("messages 100,000 deep in subgraphs", b"\x08\x08" + field(7, nested([6, 5, 1], 99_999)) + field(8, b"\x10\x11"))
bad_model("messages 100,000 deep in types", b"\x08\x08" + field(7, field(11, nested([4, 1], 99_998, field(2, b"")))) + field(8, b"\x10\x11"))
bad_model("10 GB claimed by raw data", b"\x08\x08" + claim(7, 10**10, claim(5, 10**10 - 100, claim(9, 10**10 - 200, bytes(900)))))
bad_model("10 GB claimed by a shape", model([node("Add", ["x", "w"], ["y"])], [("x", [1])], [("y", [1])], [
    TensorProto(name="w", dims=[10**10 // 4], data_type=1, raw_data=bytes(900))]), mentions=["w"])


def damaged():
    """Models with bytes changed: any answer is good that is no crash."""
    random = np.random.default_rng(2)
    for index in range(40):
        content = bytearray(MODEL)
        for _ in range(int(random.integers(1, 30))):
            # Half of the damage goes where the structure is: before the weights.
            place = int(random.integers(0, 3000 if random.random() < 0.5 else len(content)))
            content[place] = int(random.integers(0, 256))
        bad_model(f"damaged model {index}", bytes(content), (0, BAD_DATA, UNSUPPORTED))


damaged()

# --- Graphs that make no sense

bad_model("unknown operators", model(
    [node("Frobnicate", ["x"], ["a"]), node("Relu", ["a"], ["b"]), node("Twiddle", ["b"], ["c"]), node("Frobnicate", ["c"], ["y"])],
    [("x", [1, 4])], [("y", [1, 4])]), (BAD_DATA, UNSUPPORTED), ["Frobnicate", "Twiddle", "node_a", "node_c", "node_y"])
bad_model("an operator of an unknown domain", model(
    [helper.make_node("Gizmo", ["x"], ["y"], name="odd", domain="com.example")], [("x", [4])], [("y", [4])],
    domains=[helper.make_opsetid("com.example", 1)]), (BAD_DATA, UNSUPPORTED), ["Gizmo", "odd"])
bad_model("opset 99", relu(opset=99), (BAD_DATA, UNSUPPORTED), ["99"])
bad_model("no opset at all", b"\x08\x08" + field(7, relu().graph.SerializeToString()))
bad_model("a cycle", model([node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"])], [("x", [4])], [("b", [4])]))
bad_model("an input that nobody makes", model([node("Add", ["x", "ghost"], ["y"])], [("x", [4])], [("y", [4])]), mentions=["ghost"])
bad_model("two nodes that make one tensor", model([node("Relu", ["x"], ["y"]), node("Neg", ["x"], ["y"])], [("x", [4])], [("y", [4])]), mentions=["y"])
bad_model("shapes that do not multiply", model([node("MatMul", ["x", "w"], ["y"])], [("x", [3, 4])], [("y", [3, 6])],
          [tensor("w", np.ones((5, 6), np.float32))]), mentions=["node_y"])
bad_model("shapes that do not broadcast", model([node("Add", ["x", "w"], ["y"])], [("x", [3, 4])], [("y", [3, 4])],
          [tensor("w", np.ones((3, 5), np.float32))]), mentions=["node_y"])
bad_model("a convolution of the wrong number of channels", model([node("Conv", ["x", "w"], ["y"])], [("x", [1, 3, 8, 8])],
          [("y", [1, 4, 6, 6])], [tensor("w", np.ones((4, 5, 3, 3), np.float32))]), mentions=["node_y"])
bad_model("a reshape that loses elements", model([node("Reshape", ["x", "s"], ["y"])], [("x", [3, 4])], [("y", [5, 2])],
          [tensor("s", np.array([5, 2], np.int64))]), mentions=["node_y"])
bad_model("a sum of float and integer", model([node("Add", ["x", "w"], ["y"])], [("x", [4])], [("y", [4])],
          [tensor("w", np.ones(4, np.int64))]), mentions=["node_y"])
bad_model("an input of 2^40 elements", model([node("Relu", ["x"], ["y"])], [("x", [2**40])], [("y", [2**40])]))
bad_model("extents whose product overflows", model([node("Relu", ["x"], ["y"])], [("x", [2**32, 2**32])], [("y", [2**32, 2**32])]))
bad_model("a constant of 2^40 elements", model([node("ConstantOfShape", ["s"], ["c"]), node("Add", ["x", "c"], ["y"])], [("x", [1])],
          [("y", [2**40])], [tensor("s", np.array([2**40], np.int64))]))
bad_model("an expansion to 2^40 elements", model([node("Expand", ["x", "s"], ["y"])], [("x", [1])], [("y", [2**40])],
          [tensor("s", np.array([2**40], np.int64))]))
bad_model("padding by 2^40", model([node("Pad", ["x", "p"], ["y"])], [("x", [4])], [("y", [2**40])],
          [tensor("p", np.array([0, 2**40], np.int64))]))
bad_model("negative extents", model([node("Relu", ["x"], ["y"])], [("x", [-5, 4])], [("y", [-5, 4])]), (0, BAD_DATA))
bad_model("a weight whose bytes are too few", model([node("Add", ["x", "w"], ["y"])], [("x", [100])], [("y", [100])], [
    TensorProto(name="w", dims=[100], data_type=1, raw_data=bytes(16))]), mentions=["w"])
bad_model("a weight of an unknown type", model([node("Add", ["x", "w"], ["y"])], [("x", [4])], [("y", [4])], [
    TensorProto(name="w", dims=[4], data_type=77, raw_data=bytes(16))]), (BAD_DATA, UNSUPPORTED), ["w"])
bad_model("a string tensor", model([node("Identity", ["x"], ["y"])], [("x", [4], TensorProto.STRING)], [("y", [4], TensorProto.STRING)]),
          (BAD_DATA, UNSUPPORTED))
bad_model("a window larger than its input", model([node("MaxPool", ["x"], ["y"], kernel_shape=[9, 9])], [("x", [1, 1, 4, 4])],
          [("y", [1, 1, 1, 1])]), mentions=["node_y"])
bad_model("strides of zero", model([node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], strides=[0, 0])], [("x", [1, 1, 4, 4])],
          [("y", [1, 1, 1, 1])]), mentions=["node_y"])
bad_model("a group count of zero", model([node("Conv", ["x", "w"], ["y"], group=0)], [("x", [1, 3, 8, 8])], [("y", [1, 4, 6, 6])],
          [tensor("w", np.ones((4, 3, 3, 3), np.float32))]), mentions=["node_y"])
bad_model("an axis that is not there", model([node("Softmax", ["x"], ["y"], axis=7)], [("x", [3, 4])], [("y", [3, 4])]), mentions=["node_y"])
branch = helper.make_graph([node("Relu", ["x"], ["b"])], "branch", [], [helper.make_tensor_value_info("b", TensorProto.FLOAT, [1, 4])])
bad_model("a branch on a run-time condition", model(
    [node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)],
    [("c", [], TensorProto.BOOL), ("x", [1, 4])], [("y", [1, 4])]), (BAD_DATA, UNSUPPORTED), ["node_y"])


def odd_weights(name, value, operator, shape, *rest, x=(1, 3, 8, 8), **attributes):
    weights = np.ones(shape, np.float32)
    weights.flat[5] = value
    bad_model(f"{name} in the weights of {operator}", model(
        [node(operator, ["x", "w", *[t.name for t in rest]], ["y"], **attributes)], [("x", list(x))], [("y", None)],
        [tensor("w", weights), *rest]), mentions=["w"])


odd_weights("NaN", np.nan, "Conv", (4, 3, 3, 3))
odd_weights("infinity", np.inf, "Gemm", (8, 5), x=(1, 8))
odd_weights("NaN", np.nan, "MatMul", (8, 5), x=(1, 8))
odd_weights("infinity", -np.inf, "ConvTranspose", (3, 4, 3, 3))
odd_weights("NaN", np.nan, "LSTM", (1, 16, 8), tensor("r", np.ones((1, 16, 4), np.float32)), x=(2, 1, 8), hidden_size=4)
bad_model("-inf in an attention mask is fine", model([node("Add", ["x", "w"], ["s"]), node("Softmax", ["s"], ["y"])], [("x", [1, 3])],
          [("y", [1, 3])], [tensor("w", np.array([0, -np.inf, 0], np.float32))]), 0)


def function(name, calls):
    return helper.make_function("local", name, ["a"], ["b"], [helper.make_node(calls, ["a"], ["b"], domain="local")],
                                [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)])


def calling(name, functions):
    return model([helper.make_node(name, ["x"], ["y"], domain="local", name="call")], [("x", [4])], [("y", [4])],
                 functions=functions, domains=[helper.make_opsetid("local", 1)])


bad_model("functions that call each other", calling("F", [function("F", "G"), function("G", "F")]))
bad_model("a function that calls itself", calling("F", [function("F", "F")]))


def doubling(levels):
    """Each function calls the next one twice: 2^levels nodes when inlined."""
    made = []
    for level in range(levels):
        inner = ("Relu", "") if level == levels - 1 else (f"F{level + 1}", "local")
        nodes = [helper.make_node(inner[0], ["a"], ["m"], domain=inner[1]), helper.make_node(inner[0], ["m"], ["b"], domain=inner[1])]
        made.append(helper.make_function("local", f"F{level}", ["a"], ["b"], nodes,
                                         [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]))
    return calling("F0", made)


bad_model("functions that double 40 times", doubling(40))

chain = b"".join(field(1, node("Relu", [f"t{i}"], [f"t{i + 1}"]).SerializeToString()) for i in range(200_000))
ends = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]).SerializeToString()
bad_model("200,000 nodes in a row", b"\x08\x08" + field(7, chain + field(2, b"g") + field(11, ends("t0")) + field(12, ends("t200000")))
          + field(8, b"\x10\x11"), (0, BAD_DATA))
lone = field(1, node("Identity", ["t0"], [""]).SerializeToString())
bad_model("1,000,000 tiny nodes", b"\x08\x08" + field(7, lone * 1_000_000 + field(1, node("Relu", ["t0"], ["y"]).SerializeToString())
          + field(2, b"g") + field(11, ends("t0")) + field(12, ends("y"))) + field(8, b"\x10\x11"), (0, BAD_DATA))

# --- External data


def external(*places):
    """A model whose weights lie in files: (location, offset, length) each, 4 floats wanted."""
    weights, nodes, last = [], [], "x"
    for index, (location, offset, length) in enumerate(places):
        weight = TensorProto(name=f"w{index}", dims=[4], data_type=1, data_location=TensorProto.EXTERNAL)
        for key, value in (("location", location), ("offset", offset), ("length", length)):
            if value is not None:
                weight.external_data.add(key=key, value=str(value))
        weights.append(weight)
        nodes.append(node("Add", [last, f"w{index}"], [f"y{index}"]))
        last = f"y{index}"
    return model(nodes, [("x", [4])], [(last, [4])], weights)


bytes_of_four = np.arange(4, dtype=np.float32).tobytes()
good = {"weights.bin": bytes_of_four * 2}
bad_model("external data that is there", external(("weights.bin", 0, 16), ("weights.bin", 16, 16)), 0, **good)
bad_model("a missing external file", external(("gone.bin", 0, 16)), (MISSING, BAD_DATA), ["gone.bin"])
bad_model("external data above the folder", external(("../weights.bin", 0, 16)), BAD_DATA, ["../weights.bin"])
bad_model("external data that climbs in between", external(("a/../../weights.bin", 0, 16)), BAD_DATA)
bad_model("external data at an absolute path", external(("/etc/passwd", 0, 16)), BAD_DATA, ["/etc/passwd"])
bad_model("external data beyond the end", external(("weights.bin", 24, 16)), BAD_DATA, ["w0"], **good)
bad_model("external data at a negative offset", external(("weights.bin", -16, 16)), BAD_DATA, **good)
bad_model("external data at a huge offset", external(("weights.bin", 2**63 - 8, 16)), BAD_DATA, **good)
bad_model("external data of the wrong length", external(("weights.bin", 0, 12)), BAD_DATA, ["w0"], **good)
bad_model("external data without a location", external((None, 0, 16)), BAD_DATA, ["w0"])
bad_model("external data that overlaps", external(("weights.bin", 0, 16), ("weights.bin", 8, 16)), BAD_DATA, **good)
bad_model("external data in a directory", external((".", 0, 16)), (BAD_DATA, MISSING, INPUT_OUTPUT))

# --- Data and command lines


def npy(array):
    import io

    content = io.BytesIO()
    np.save(content, array, allow_pickle=True)
    return content.getvalue()


def bad_run(name, x, codes=BAD_DATA, mentions=(), **files):
    CASES.append(Bad(name, ["run", "{}/model.onnx", "--input", "x={}/x.npy", "--output-dir", "{}/out"], codes, mentions,
                     {"model.onnx": relu().SerializeToString(), "x.npy": x, **files}))


good_x = npy(np.ones((1, 4), np.float32))
bad_run("good data", good_x, 0)
bad_run("an empty array file", b"")
bad_run("a truncated array file", good_x[:-4])
bad_run("an array file with a header alone", good_x[:60])
bad_run("an array of other shape", npy(np.ones((3, 5), np.float32)), mentions=["x"])
bad_run("an array of text", npy(np.array(["a", "b", "c", "d"])))
bad_run("an array of objects", npy(np.array([{}, [], None, 1], dtype=object)))
bad_run("an array that claims 10 GB", good_x.replace(b"(1, 4), }", b"(1, 2500000000), }")[: len(good_x)])
bad_run("an array that is a picture", b"\x89PNG\r\n\x1a\n" + bytes(200))

RELU = {"model.onnx": relu().SerializeToString(), "x.npy": good_x}
DIGITS_MODEL = {"model.onnx": MODEL, "x.npy": npy(np.zeros((5, 8, 8), np.uint8)), "y.npy": npy(np.zeros(3, np.uint8)),
                "odd.npy": npy(np.zeros((5, 7, 9), np.uint8)), "far.npy": npy(np.full(5, 10, np.int64))}
CASES += [
    Bad("an input that the model has not", ["run", "{}/model.onnx", "--input", "z={}/x.npy", "--output-dir", "{}/out"], (USAGE, BAD_DATA), ["z", "x"], RELU),
    Bad("an input that is missing", ["run", "{}/model.onnx", "--output-dir", "{}/out"], (USAGE, BAD_DATA), ["x"], RELU),
    Bad("an input file that is missing", ["run", "{}/model.onnx", "--input", "x={}/gone.npy", "--output-dir", "{}/out"], MISSING, ["gone.npy"], RELU),
    Bad("fewer labels than samples", ["evaluate", "{}/model.onnx", "--data", "{}/x.npy", "--labels", "{}/y.npy"], BAD_DATA, ["3", "5"], DIGITS_MODEL),
    Bad("samples of another size", ["evaluate", "{}/model.onnx", "--data", "{}/odd.npy", "--labels", "{}/far.npy"], BAD_DATA, [], DIGITS_MODEL),
    Bad("labels that no output has", ["evaluate", "{}/model.onnx", "--data", "{}/x.npy", "--labels", "{}/far.npy"], BAD_DATA, ["10"], DIGITS_MODEL),
    Bad("data that are missing", ["evaluate", "{}/model.onnx", "--data", "{}/gone.npy", "--labels", "{}/y.npy"], MISSING, ["gone.npy"], DIGITS_MODEL),
    Bad("a scale that is no number", ["evaluate", "{}/model.onnx", "--data", "{}/x.npy", "--scale", "big"], USAGE, ["big"], DIGITS_MODEL),
    Bad("an existing output", ["convert", "{}/model.onnx", "-o", "{}/taken.onnx"], (USAGE, INPUT_OUTPUT), ["--force"], {**RELU, "taken.onnx": b"mine"}),
    Bad("an output folder that is not there", ["convert", "{}/model.onnx", "-o", "{}/no/such/out.onnx"], (MISSING, INPUT_OUTPUT), ["no/such"], RELU),
    Bad("no verb", [], (0, USAGE)),
    Bad("a misspelt verb", ["inpsect", "{}/model.onnx"], USAGE, ["inspect"], RELU),
    Bad("a misspelt flag", ["inspect", "{}/model.onnx", "--jsn"], USAGE, ["--json"], RELU),
    Bad("a missing argument", ["inspect"], USAGE),
    Bad("too many arguments", ["inspect", "{}/model.onnx", "{}/model.onnx"], USAGE, [], RELU),
    Bad("threads that are no number", ["inspect", "{}/model.onnx", "--threads", "many"], USAGE, ["many"], RELU),
    Bad("no threads", ["inspect", "{}/model.onnx", "--threads", "0"], USAGE, [], RELU),
]


# --- Calibration


def picture(size, color):
    """A PNG of one gray."""
    import struct
    import zlib

    chunk = lambda kind, content: struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    rows = b"".join(b"\0" + bytes([color] * size) for _ in range(size))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def bad_calibration(name, samples, codes=BAD_DATA, mentions=(), arguments=(), path="data.npy"):
    """Samples (an array, bytes, or files of a folder) that `quantize` must refuse by name, without leaving a file."""
    if isinstance(samples, dict):
        files = {f"data/{file}": content for file, content in samples.items()}
        path = "data"
    else:
        files = {path: samples if isinstance(samples, bytes) else npy(samples)}
    CASES.append(Bad(name, ["quantize", "{}/model.onnx", "--calib", "{}/" + path, "-o", "{}/out.tflite", *arguments], codes, mentions,
                     {"model.onnx": MODEL, **files}))


def spoiled(value, count=20, place=7):
    x = np.random.default_rng(0).uniform(0, 1, (count, 8, 8)).astype(np.float32)
    x[place, 3, 3] = value
    return x


calm = spoiled(0.5)
bad_calibration("calibration on NaN", spoiled(np.nan), mentions=["7", "NaN"])
bad_calibration("calibration on infinity", spoiled(np.inf), mentions=["7", "infinity"])
bad_calibration("calibration on numbers that overflow inside", spoiled(3e38), (0, BAD_DATA), ["7"])
bad_calibration("calibration on nothing", calm[:0], mentions=["no samples"])
bad_calibration("calibration on one sample", calm[:1], 0)
bad_calibration("calibration on samples of another size", np.zeros((20, 7, 9), np.float32), mentions=["data.npy"])
bad_calibration("calibration on a single number", np.float32(1), mentions=["data.npy"])
bad_calibration("calibration on text", np.array(["a", "b"]))
bad_calibration("calibration on a damaged array", npy(calm)[:-100], mentions=["data.npy"])
bad_calibration("calibration on a file of another kind", b"some text\n", mentions=["notes.txt"], path="notes.txt")
bad_calibration("calibration on an empty folder", {"data.yaml": b"scale: 1\n"})
bad_calibration("an unreadable picture among pictures",
                {f"{index}.png": picture(8, 40 + index) if index != 2 else b"\x89PNG\r\n\x1a\nnonsense" for index in range(5)},
                mentions=["2.png"], arguments=["--scale", "1/255"])
bad_calibration("arrays of mixed sizes in a folder",
                {"0.npy": npy(np.ones((8, 8), np.float32)), "1.npy": npy(np.ones((7, 9), np.float32)), "2.npy": npy(np.ones((8, 8), np.float32))},
                mentions=["1.npy"])
QUANTIZABLE = {"model.onnx": MODEL, "x.npy": npy(calm)}


def bad_quantize(name, words, codes, mentions=(), **files):
    CASES.append(Bad(name, ["quantize", "{}/model.onnx", *words], codes, mentions, {**QUANTIZABLE, **files}))


OUT = ("-o", "{}/out.tflite")
bad_quantize("no calibration data", OUT, USAGE, ["--calib"])
bad_quantize("calibration data that are missing", ("--calib", "{}/gone.npy", *OUT), MISSING, ["gone.npy"])
bad_quantize("4-bit weights", ("--calib", "{}/x.npy", "--int4", *OUT), USAGE, ["int4"])
bad_quantize("16-bit activations", ("--calib", "{}/x.npy", "--int16x8", *OUT), USAGE, ["int16x8"])
bad_quantize("an unknown method", ("--calib", "{}/x.npy", "--calib-method", "minmx", *OUT), USAGE, ["minmax"])
bad_quantize("a percentile without its method", ("--calib", "{}/x.npy", "--percentile", "99", *OUT), USAGE, ["--calib-method"])
bad_quantize("a percentile of nothing", ("--calib", "{}/x.npy", "--calib-method", "percentile", "--percentile", "0", *OUT), USAGE, ["0"])
bad_quantize("labels without data", ("--calib", "{}/x.npy", "--labels", "{}/x.npy", *OUT), USAGE, ["--data"])
bad_quantize("an output that is no .tflite", ("--calib", "{}/x.npy", "-o", "{}/out.bin"), USAGE, [".tflite"])
bad_quantize("an output that exists", ("--calib", "{}/x.npy", *OUT), INPUT_OUTPUT, ["--force"], **{"out.tflite": b"mine"})
bad_quantize("sources in a folder that cannot be made", ("--calib", "{}/x.npy", "--c", "{}/x.npy/sources", *OUT), INPUT_OUTPUT, ["sources"])
bad_quantize("ranges of another kind", ("--ranges", "{}/x.npy", *OUT), BAD_DATA, ["x.npy"])
bad_quantize("ranges that hold none", ("--ranges", "{}/r.json", *OUT), BAD_DATA, ["r.json"], **{"r.json": b"{}"})
bad_quantize("ranges of another model", ("--ranges", "{}/r.json", *OUT), BAD_DATA, ["r.json"],
             **{"r.json": b'{"tool": "edgeopt", "version": "0", "model_sha256": "0", "samples": 1, "ranges": []}'})
bad_quantize("ranges from samples and from a file", ("--ranges", "{}/r.json", "--calib", "{}/x.npy", *OUT), USAGE, ["--ranges"],
             **{"r.json": b"{}"})

bad_quantize("ranges beside a method", ("--ranges", "{}/r.json", "--calib-method", "mse", *OUT), USAGE, ["--calib-method"],
             **{"r.json": b"{}"})
CASES.append(Bad("a .tflite file, to quantize", ["quantize", "{}/m.tflite", "--calib", "{}/x.npy", *OUT], USAGE, ["m.tflite", "quantize"],
                 {"m.tflite": b"\x1c\0\0\0TFL3", "x.npy": good_x}))
CASES.append(Bad("evaluation on NaN", ["evaluate", "{}/model.onnx", "--data", "{}/data.npy"], BAD_DATA, ["7", "NaN"],
                 {**QUANTIZABLE, "data.npy": npy(spoiled(np.nan))}))

# --- Files that are no .tflite

for verb in (["inspect"], ["run", "--input", "x={}/x.npy", "--output-dir", "{}/out"], ["evaluate", "--data", "{}/x.npy"], ["compare", "{}/m.tflite"], ["export", "--c", "{}/out"]):
    for name, content in (("an empty file", b""), ("random bytes", np.random.default_rng(3).bytes(4096)), ("an ONNX model", MODEL),
                          ("a header alone", b"\x1c\0\0\0TFL3"), ("a header and nothing", b"\x1c\0\0\0TFL3" + bytes(100))):
        CASES.append(Bad(f"{name} named .tflite, to {verb[0]}", [verb[0], "{}/m.tflite", *verb[1:]], (BAD_DATA, UNSUPPORTED), ["m.tflite"],
                         {"m.tflite": content, "x.npy": good_x}))
    CASES.append(Bad(f"a .tflite that is missing, to {verb[0]}", [verb[0], "{}/gone.tflite", *verb[1:]], MISSING, ["gone.tflite"], {"x.npy": good_x}))
CASES.append(Bad("an ONNX model, to export", ["export", "{}/model.onnx", "--c", "{}/out"], USAGE, ["quantize"], RELU))


def run(binary, command):
    """(exit code, standard output, standard error, seconds, peak megabytes); ended after twice the time allowed."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as error:
        started = time.time()
        process = subprocess.Popen([binary, *command], stdout=output, stderr=error, stdin=subprocess.DEVNULL)
        while time.time() - started < 2 * SECONDS:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(0.002)
        else:
            process.send_signal(signal.SIGKILL)
            _, status, usage = os.wait4(process.pid, 0)
        seconds = time.time() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0), error.seek(0)
        return process.returncode, output.read().decode(errors="replace"), error.read().decode(errors="replace"), seconds, usage.ru_maxrss / 1024


def problem_of(binary, case, show):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in case.files.items():
            pathlib.Path(folder, name).parent.mkdir(exist_ok=True)
            pathlib.Path(folder, name).write_bytes(content)
        before = {path: path.read_bytes() for path in pathlib.Path(folder).rglob("*") if path.is_file()}
        code, output, error, seconds, megabytes = run(binary, [word.replace("{}", folder) for word in case.command])
        message = error.replace(folder + "/", "").strip()
        if show:
            print(f"--- {case.name}: {code}\n{message}")
        if code < 0:
            return f"crashed with signal {-code}: {message[-200:]}" if seconds < 2 * SECONDS else "never ended"
        if code not in case.codes:
            return f"exit code {code} instead of {sorted(case.codes)}: {message[:200]}"
        if seconds > SECONDS:
            return f"took {seconds:.1f} s"
        if megabytes > MEGABYTES:
            return f"took {megabytes:.0f} MB"
        if code == 0:
            return None
        if len(re.findall("^(?:edgeopt: )?error:", message, re.MULTILINE)) != 1:
            return f"not one message that begins with 'error:': {message[:200]!r}"
        if re.search("Fatal error|Precondition failed|Swift runtime|stack trace", message):
            return f"an internal error: {message[:200]}"
        unnamed = [word for word in case.mentions if word not in message]
        if unnamed:
            return f"the message does not name {', '.join(unnamed)}: {message[:300]}"
        if output.strip():
            return f"an error, and still something on standard output: {output[:100]!r}"
        left = [path.name for path in pathlib.Path(folder).iterdir() if path.is_file() and path not in before]
        if left or any(path.read_bytes() != content for path, content in before.items()):
            return f"files were left or changed: {left}"
    return None


# --- Files for the device

VECTORS = reference.REPOSITORY / "Tests" / "MicroRuntimeTests" / "Vectors"
CONVOLUTION = (VECTORS / "conv_int8_pertensor_valid.tflite").read_bytes()


def bad_tflite(name, content, codes=BAD_DATA, mentions=(), verb=("ops",)):
    CASES.append(Bad(name, [verb[0], "{}/model.tflite", *verb[1:]], codes, mentions, {"model.tflite": content}))


def changed(place, number, width=4):
    """The convolution with a number changed; `place` finds it from the model and its first subgraph."""
    root = Table.root(CONVOLUTION)
    return put(CONVOLUTION, place(root, root.tables(2)[0]), number, width)


bad_tflite("an empty .tflite file", b"")
bad_tflite("half of a .tflite file", CONVOLUTION[:len(CONVOLUTION) // 2], mentions=["damaged"])
bad_tflite("an ONNX file named .tflite", MODEL, mentions=["TFL3"])
bad_tflite("noise behind the mark", b"\x10\0\0\0TFL3" + np.random.default_rng(2).bytes(4096))
bad_tflite("version 9 of the format", changed(lambda model, graph: model.place(0), 9), UNSUPPORTED, ["version 9"])
bad_tflite("an operator without a name", changed(lambda model, graph: model.tables(1)[0].place(3), 170), UNSUPPORTED, ["StableHLO"])
bad_tflite("a filter that is tensor 99", changed(lambda model, graph: graph.tables(3)[0].element(1, 1), 99), mentions=["tensor 99"])
bad_tflite("an output that is tensor -7", changed(lambda model, graph: graph.element(2, 0), -7), mentions=["tensor -7"])
bad_tflite("a tensor of 2^31 elements", changed(lambda model, graph: graph.tables(0)[0].element(0, 1), 2**31 - 1), mentions=["shape"])
bad_tflite("an element type that is none", changed(lambda model, graph: graph.tables(0)[0].place(1), 99, 1), mentions=["99"])
bad_tflite("weights in buffer 1,000", changed(lambda model, graph: graph.tables(0)[1].place(2), 1000), mentions=["buffer 1000"])
bad_tflite("weights that are longer than their buffer", changed(lambda model, graph: graph.tables(0)[1].element(0, 1), 50), mentions=["bytes"])
bad_tflite("a list longer than the file", changed(lambda model, graph: graph.length(0), 2**30), mentions=["damaged"])
bad_tflite("a damaged .tflite file, written anew", CONVOLUTION[:200], verb=("convert", "-o", "{}/out.tflite"))


def main():
    options = reference.arguments(__doc__.splitlines()[0], only="", show=False)
    binary = os.path.abspath(options.binary)
    tally = reference.Tally("hostile")
    for case in CASES:
        if re.search(options.only, case.name):
            tally.attempt(case.name, lambda: problem_of(binary, case, options.show))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
