#!/usr/bin/env python3
"""`reproduce` with what only ONNX's own tools make: weights in files of their own, and inputs that decide shapes.

usage: Tests/Reference/reproduce.py EDGEOPT
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parent.parent.parent
BINARY = Path(sys.argv[1]).resolve()
results = []


def edgeopt(*words, cwd):
    return subprocess.run([BINARY, *map(str, words)], cwd=cwd, capture_output=True, text=True)


def check(title, holds, run=None):
    results.append(bool(holds))
    if not holds:
        print(f"failed: {title}")
        if run:
            print(run.stdout, run.stderr)


def external_weights(work):
    (work / "model").mkdir()
    model = onnx.load(ROOT / "Calibration/digits/digits_cnn.onnx")
    onnx.save_model(
        model, work / "model/net.onnx", save_as_external_data=True, location="net.weights", size_threshold=0)
    np.save(work / "x.npy", np.load(ROOT / "Calibration/digits/calib_x.npy")[:50])
    made = edgeopt("quantize", "model/net.onnx", "--calib", "x.npy", "--scale", "1/16", "-o", "out.tflite", "-q", cwd=work)
    check("quantize with weights of their own", made.returncode == 0, made)
    run = edgeopt("reproduce", "out.tflite", cwd=work)
    check("weights beside the model", run.returncode == 0 and run.stdout.startswith("the same "), run)
    # Neither is called or stands as it was.
    (work / "elsewhere").mkdir()
    os.rename(work / "model/net.weights", work / "elsewhere/blob.bin")
    os.rename(work / "model/net.onnx", work / "other.onnx")
    run = edgeopt("reproduce", "out.tflite", cwd=work)
    check("weights moved away from the model", run.returncode == 0, run)
    blob = bytearray((work / "elsewhere/blob.bin").read_bytes())
    blob[100] ^= 1
    (work / "elsewhere/blob.bin").write_bytes(blob)
    run = edgeopt("reproduce", "out.tflite", cwd=work)
    check("changed weights are missing",
          run.returncode == 66 and "file of weights beside the model" in run.stderr and "1 thing is" in run.stderr, run)


def bound_input(work):
    random = np.random.default_rng(3)
    nodes = [
        helper.make_node("Reshape", ["x", "sizes"], ["rows"], "rows"),
        helper.make_node("Gemm", ["rows", "weights"], ["y"], "y"),
    ]
    graph = helper.make_graph(
        nodes, "bound",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, 6]),
         helper.make_tensor_value_info("sizes", TensorProto.INT64, [2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(random.normal(size=(8, 5)).astype(np.float32), "weights")])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), work / "bound.onnx")
    np.save(work / "sizes.npy", np.array([3, 8]))
    np.save(work / "data.npy", random.normal(size=(20, 4, 6)).astype(np.float32))
    made = edgeopt(
        "quantize", "bound.onnx", "--bind", "sizes=sizes.npy", "--calib", "data.npy", "-o", "bound.tflite", "-q", cwd=work)
    check("quantize with a bound input", made.returncode == 0, made)
    os.rename(work / "sizes.npy", work / "renamed.npy")
    run = edgeopt("reproduce", "bound.tflite", cwd=work)
    check("a bound value under another name", run.returncode == 0, run)
    os.remove(work / "renamed.npy")
    run = edgeopt("reproduce", "bound.tflite", cwd=work)
    check("a bound value that is gone", run.returncode == 66 and "value of an input 'sizes'" in run.stderr, run)


def main():
    for part in (external_weights, bound_input):
        with tempfile.TemporaryDirectory() as name:
            part(Path(name))
    print(f"reproduce: {sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
