#!/usr/bin/env python3
"""Float .tflite files that `edgeopt convert` writes, in the TensorFlow Lite Micro interpreter.

usage: float_tflite.py BINARY [--only REGEX] [--per-operator N] [--seed N] [--keep DIR]

- The digits model, and with EDGEOPT_SHARED every model of the corpus: the outputs of real samples agree with ONNX Runtime within 1e-4 of their range, with the device's own layout and with
  --keep-io-layout.
- Random single-operator models, as in random_operators.py: each converts and agrees with ONNX Runtime, or is refused
  with exit code 69. The summary says how many were refused.
"""
import collections
import pathlib
import re
import sys
import tempfile

import numpy as np
import onnx

import corpus
import micro
import random_operators
import reference
from operators import GENERATORS

SAMPLES = 8
NARROWER = {np.dtype(np.int64): np.int32, np.dtype(np.uint64): np.int32, np.dtype(np.uint32): np.int32,
            np.dtype(np.uint16): np.int32, np.dtype(np.float64): np.float32, np.dtype(np.float16): np.float32}


def convert(binary, model, target, *arguments):
    reference.call(binary, ["convert", model, "-o", target, "--force", "--quiet", *arguments])


def on_device(value):
    return value.astype(NARROWER.get(value.dtype, value.dtype))


def check_model(binary, model, folder):
    """What is wrong with a corpus model, or None."""
    session = reference.session(model.path)
    port = session.get_inputs()[0]
    x = model.samples(model.test if model.test else model.calibration, SAMPLES)
    shape = [1] + [size if isinstance(size, int) else 1 for size in port.shape[1:]]
    x = x.reshape(len(x), *shape)
    wanted = np.stack([session.run(None, {port.name: sample})[0] for sample in x])
    target = folder / f"{model.name}.tflite"
    for arguments in [["--keep-io-layout"], []]:
        convert(binary, model.path, target, *arguments)
        feeds = x
        # Channels come last on the device. Models that were made channels-last have their data so already.
        is_channels_first = len(shape) > 2 and (model.prepare or model.test is None)
        if not arguments and is_channels_first:
            feeds = np.moveaxis(x, 2, -1)
        got = micro.run(target, [np.ascontiguousarray(feeds)])[0][0]
        if not arguments and got.shape != wanted.shape:
            got = np.moveaxis(got, -1, 2)
        problem = reference.difference(got, wanted, 1e-4)
        if problem:
            return f"{' '.join(arguments) or 'own layout'}: {problem}"
    return None


def check_operator(binary, operator, index, options):
    """(refused, what is wrong) of one random model."""
    try:
        model, feeds, outputs, wanted, _, relative = random_operators.draw_model(operator, options.seed, index)
    except RuntimeError:
        return "not drawn", None
    if any(value.size == 0 for value in [*feeds.values(), *wanted]) or not feeds:
        return "empty", None
    with tempfile.TemporaryDirectory() as folder:
        path, target = f"{folder}/model.onnx", f"{folder}/model.tflite"
        onnx.save(model, path)
        problem = None
        try:
            # Shapes that depend on values are given by constants here, or the model is refused.
            convert(binary, path, target, "--keep-io-layout")
        except reference.EdgeoptError as error:
            if error.code in (65, 69):
                return reference.first_line(error), None
            problem = f"{error}"
        if not problem:
            try:
                stored = [on_device(feeds[port.name])[None] for port in model.graph.input if port.name in feeds]
                got = [value[0] for value in micro.run(target, stored)[0]]
                problem = random_operators.worst(got, [on_device(value) for value in wanted], outputs, relative)
            except (micro.MicroFailure, ValueError) as error:
                problem = reference.first_line(error)
        if problem and options.keep:
            kept = pathlib.Path(options.keep) / f"{operator}_{index}"
            kept.mkdir(parents=True, exist_ok=True)
            onnx.save(model, kept / "model.onnx")
            for name, value in feeds.items():
                np.save(kept / f"{name}.npy", value)
        return None, f"{problem} | {random_operators.describe(model)}" if problem else None


def main():
    options = reference.arguments(__doc__.splitlines()[0], only="", per_operator=6, seed=0, keep="")
    tally = reference.Tally("float_tflite")
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        models = [corpus.digits()]
        shared = reference.shared()
        if shared:
            models += corpus.models(shared, folder)
        else:
            tally.skip("corpus", "EDGEOPT_SHARED is not set")
        for model in models:
            if not re.search(options.only or "", model.name):
                continue
            tally.attempt(model.name, lambda: check_model(options.binary, model, folder))
    chosen = [name for name in sorted(GENERATORS) if re.fullmatch(options.only or ".*", name)]
    jobs = [(name, index) for name in chosen for index in range(options.per_operator)]
    results = reference.in_parallel(lambda job: (job, check_operator(options.binary, *job, options)), jobs)
    refused = collections.defaultdict(collections.Counter)
    for (operator, index), (refusal, problem) in results:
        if refusal:
            refused[operator][refusal] += 1
        else:
            tally.check(f"{operator} {index}", problem)
    for operator, reasons in refused.items():
        print(f"refused {operator} {sum(reasons.values())}/{options.per_operator}: {reasons.most_common(1)[0][0]}")
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
