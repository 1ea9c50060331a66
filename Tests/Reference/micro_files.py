#!/usr/bin/env python3
"""Published .tflite files on real samples: `edgeopt run` against the TensorFlow Lite Micro interpreter.

usage: micro_files.py BINARY [--only REGEX] [--samples N]

The files and data are those of the shared corpus (EDGEOPT_SHARED); without it there is nothing to do. Integer outputs
must be the same bytes, float ones within 1e-5. Where the corpus has no data, samples are seeded random numbers over the
full range of the input.
"""
import re
import sys
import time

import numpy as np
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

import micro
import reference

# By the beginning of a file's name; None for random numbers.
DATA = {"ad01": "ad01", "kws": "kws", "pretrainedResnet": "cifar10", "str_ww": None, "vww": None}
# exp in single precision differs in its last bit from one machine to the next; probabilities are sums of few of them.
FLOAT_BUDGET = 1e-5


def port(model, index):
    """(shape, numpy type, scale, zero point) of the model's only input."""
    tensor = model.subgraphs[0].tensors[model.subgraphs[0].inputs[index]]
    kind = {schema.TensorType.FLOAT32: np.float32, schema.TensorType.INT8: np.int8, schema.TensorType.INT16: np.int16}[tensor.type]
    grid = tensor.quantization
    quantized = grid is not None and grid.scale is not None
    return list(tensor.shape), kind, (grid.scale[0], grid.zeroPoint[0]) if quantized else None


def samples(path, shape, kind, grid, count):
    """Stacked samples in the input's own type."""
    data = next(DATA[start] for start in DATA if path.name.startswith(start))
    if data is None:
        limits = np.iinfo(kind)
        return np.random.default_rng(0).integers(limits.min, limits.max + 1, [count] + shape).astype(kind)
    values = np.load(reference.shared() / "corpus" / "data" / f"{data}_test_x.npy", mmap_mode="r")[:count]
    values = np.asarray(values, np.float32).reshape([-1] + shape)
    if kind is np.float32:
        return values
    steps = values / np.float32(grid[0])
    steps = np.sign(steps) * np.floor(np.abs(steps) + np.float32(0.5)) + grid[1]
    limits = np.iinfo(kind)
    return np.clip(steps, limits.min, limits.max).astype(kind)


def check(binary, path, count):
    """What differs, or how many numbers were the same."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(path.read_bytes(), 0))
    graph = model.subgraphs[0]
    shape, kind, grid = port(model, 0)
    values = samples(path, shape, kind, grid, count)
    wanted, _ = micro.run(path, [values])
    name = graph.tensors[graph.inputs[0]].name.decode()
    outputs = [graph.tensors[index].name.decode() for index in graph.outputs]
    # Samples stand one behind the other along the model's own first axis.
    start = time.monotonic()
    got = reference.run_edgeopt(binary, path, {name: values.reshape([-1] + shape[1:])}, outputs)
    seconds = time.monotonic() - start
    for left, right in zip(wanted, got):
        right = right.reshape(left.shape)
        if left.dtype != right.dtype:
            raise AssertionError(f"{right.dtype} instead of {left.dtype}")
        wrong = np.abs(left - right) > FLOAT_BUDGET if left.dtype == np.float32 else left != right
        if wrong.any():
            raise AssertionError(f"{wrong.sum()} of {wrong.size} numbers differ, in {wrong.reshape(len(left), -1).any(1).sum()} samples")
    total = sum(value.size for value in wanted)
    return f"{len(values)} samples, {total} numbers the same, edgeopt took {seconds:.2f} s"


def main():
    options = reference.arguments(__doc__, only="", samples=128)
    if reference.shared() is None:
        print("micro_files: EDGEOPT_SHARED is not set; skipped")
        return 0
    files = sorted((reference.shared() / "corpus" / "reference_tflite").glob("*.tflite"))
    bad = 0
    for path in files:
        if not re.search(options.only, path.name):
            continue
        try:
            print(f"{path.name}: {check(options.binary, path, options.samples)}")
        except Exception as error:
            bad += 1
            print(f"{path.name}: {error}"[:400])
    print(f"{len(files) - bad} of {len(files)} files: the same bytes as the interpreter")
    return 1 if bad or not files else 0


if __name__ == "__main__":
    sys.exit(main())
