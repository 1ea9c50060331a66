#!/usr/bin/env python3
"""Every .tflite file at hand, read and written again by edgeopt, in the TensorFlow Lite Micro interpreter.

usage: tflite_roundtrip.py BINARY [--only REGEX]

The single-operator files of the repository give the outputs that are stored beside them; with EDGEOPT_SHARED the
networks of other tools give the same outputs as before they were written again. Constants lie on multiples of 16.
"""
import concurrent.futures
import os
import pathlib
import re
import sys
import tempfile

import numpy as np

import micro
import reference
from flat import Table

VECTORS = reference.REPOSITORY / "Tests" / "MicroRuntimeTests" / "Vectors"
TYPES = {0: np.float32, 2: np.int32, 3: np.uint8, 4: np.int64, 6: np.bool_, 7: np.int16, 9: np.int8}
SAMPLES = 3


def inputs_of(content):
    """Type and shape of every input."""
    subgraph = Table.root(content).tables(2)[0]
    tensors = subgraph.tables(0)
    return [(TYPES[tensors[index].byte(1)], tensors[index].integers(0)) for index in subgraph.integers(1)]


def misaligned(content):
    """Buffers whose data do not start on a multiple of 16."""
    wrong = []
    for index, buffer in enumerate(Table.root(content).tables(4)):
        offset = buffer.offset(0)
        if offset and buffer.table.Vector(offset) % 16:
            wrong.append(index)
    return wrong


def random_inputs(content, seed):
    generator = np.random.default_rng(seed)
    stacked = []
    for kind, shape in inputs_of(content):
        if np.issubdtype(kind, np.floating):
            stacked.append(generator.standard_normal([SAMPLES, *shape]).astype(kind))
        else:
            limits = np.iinfo(kind)
            stacked.append(generator.integers(limits.min, limits.max, [SAMPLES, *shape], kind, endpoint=True))
    return stacked


def check(binary, path):
    """What is wrong with the file after its round trip, or None."""
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder) / "again.tflite"
        reference.call(binary, ["convert", path, "-o", target, "--quiet"])
        content = target.read_bytes()
        if len(content) % 16 or misaligned(content):
            return f"buffers {misaligned(content)} are not aligned"
        stored = path.with_suffix(".npz")
        if stored.exists():
            with np.load(stored) as arrays:
                feeds = [arrays[f"in{index}"][None] for index in range(len(inputs_of(content)))]
                wanted = [arrays[name][None] for name in sorted(arrays.files) if re.fullmatch(r"out\d+", name)]
        else:
            feeds = random_inputs(content, len(content))
            wanted = micro.run(path, feeds)[0]
        got = micro.run(target, feeds)[0]
        for index, (left, right) in enumerate(zip(got, wanted)):
            if not np.array_equal(left.reshape(right.shape), right):
                return f"output {index} differs"
    return None


def main():
    options = reference.arguments(__doc__.splitlines()[0], only="")
    if micro_is_missing():
        print("tflite_roundtrip: 0 passed, 0 failed, 1 skipped")
        return 0
    files = sorted(VECTORS.glob("*.tflite"))
    shared = reference.shared()
    if shared:
        files += sorted((shared / "corpus" / "reference_tflite").glob("*.tflite"))
    files = [path for path in files if re.search(options.only, path.stem)]

    def verdict(path):
        try:
            return path, check(options.binary, path)
        except (micro.MicroFailure, reference.EdgeoptError) as error:
            return path, str(error)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for path, problem in pool.map(verdict, files):
            if problem:
                failed += 1
                print(f"FAILED {path.name}: {problem}")
    if not shared:
        print("skipping the networks: EDGEOPT_SHARED is not set")
    print(f"tflite_roundtrip: {len(files) - failed} passed, {failed} failed")
    return 1 if failed or not files else 0


def micro_is_missing():
    try:
        import tflite_micro  # noqa: F401
    except ImportError:
        return True
    return False


if __name__ == "__main__":
    sys.exit(main())
