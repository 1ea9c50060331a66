#!/usr/bin/env python3
"""Quantized models as QDQ ONNX: what `edgeopt quantize --qdq` writes, run by ONNX Runtime, against the .tflite file.

usage: qdq_export.py BINARY [--only REGEX] [--samples N] [--show]

For the repository's digits model, and with EDGEOPT_SHARED for every model of the corpus, on real samples (noise where
the corpus has none), with ONNX Runtime's optimizations (integer kernels) and without (float between roundings):
- the file has the source's inputs and outputs: names, float32, shapes (for any number of samples);
- the outputs' signal-to-noise ratio against those of the .tflite file reaches DECIBELS, and classes agree in AGREEMENT of
  the samples; where the report lists operators that differ (the device rounds twice, and single steps grow from layer to
  layer), LISTED_DECIBELS and LISTED_AGREEMENT;
- the ratio that the report states is the one that is found, within 6 dB (it is measured on other samples);
- every run of `edgeopt quantize` writes the same bytes.
"""
import json
import os
import pathlib
import re
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

import corpus
import reference

DECIBELS, AGREEMENT = 40.0, 0.99
# The least that is known of the corpus is 18 dB (52 convolutions with random weights) and 97 %.
LISTED_DECIBELS, LISTED_AGREEMENT = 15.0, 0.95
# Enough samples to choose ranges from; the ranges themselves are not what is tested.
CALIBRATION = ("--samples", "50", "--calib-method", "minmax", "--bias-correction")
LEVELS = {"optimized": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
          "unoptimized": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL}


def quantize(binary, model, target, qdq):
    command = ["quantize", model.path, "--calib", model.calibration, "-o", target, "--qdq", qdq, "--force", "--json",
               *CALIBRATION, *model.arguments]
    return json.loads(reference.call(binary, command, timeout=300))


def device(binary, model, target, document, source, folder):
    """The real numbers that the device's outputs stand for, one row a sample."""
    reference.call(binary, ["evaluate", target, "--data", source, *model.arguments, "--outputs", folder], timeout=300)
    result = []
    for port in document["after"]["outputs"]:
        stored = np.load(folder / reference.file_name(port["name"])).astype(np.float64)
        reals = (stored - port["zero_point"]) * port["scale"]
        if port.get("permutation"):
            reals = reals.reshape(len(reals), *port["shape"][1:]).transpose(np.argsort(port["permutation"]))
        result.append(reals.reshape(len(reals), -1))
    return result


def run(qdq, samples, level):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.graph_optimization_level = LEVELS[level]
    session = onnxruntime.InferenceSession(str(qdq), options, providers=["CPUExecutionProvider"])
    port = session.get_inputs()[0]
    shape = [size if isinstance(size, int) else 1 for size in port.shape]
    rows = [session.run(None, {port.name: sample.reshape(shape)}) for sample in samples]
    return [np.stack([row[index].ravel() for row in rows]) for index in range(len(rows[0]))]


def decibels(wanted, found):
    error = np.square(wanted - found).sum()
    return float("inf") if error == 0 else 10 * np.log10(np.square(wanted).sum() / error)


def ports(path):
    graph = onnx.load(path).graph
    constants = {tensor.name for tensor in graph.initializer}
    return [[(port.name, port.type.tensor_type.elem_type,
              [size.dim_value if size.HasField("dim_value") else None for size in port.type.tensor_type.shape.dim])
             for port in side if port.name not in constants] for side in (graph.input, graph.output)]


def same_ports(model, qdq):
    wanted, found = ports(model.path), ports(qdq)
    # One sample or several: the device has one, the file takes any number.
    for _, _, sizes in (port for sides in (wanted, found) for side in sides for port in side):
        sizes[0] = None
    return None if wanted == found else f"{found} instead of {wanted}"


def check(tally, binary, model, folder, options):
    target, qdq = folder / f"{model.name}.tflite", folder / f"{model.name}.qdq.onnx"
    document = {}
    if not tally.attempt(f"{model.name} quantizes", lambda: document.update(quantize(binary, model, target, qdq))):
        return
    tally.attempt(f"{model.name} is valid", lambda: onnx.checker.check_model(str(qdq), full_check=True))
    tally.attempt(f"{model.name} keeps its ports", lambda: same_ports(model, qdq))
    count = int(options.samples) if model.test is not None else 8
    source = folder / "samples.npy"
    np.save(source, np.load(model.test if model.test is not None else model.calibration, mmap_mode="r")[:count])
    wanted = device(binary, model, target, document, source, folder / f"{model.name}.outputs")
    # Few samples let a single one decide, so that noise is held to the ratio alone.
    agrees = wanted[0].shape[1] in range(2, 1000) and model.test is not None and model.labels is not None and not model.metric
    differing = [entry["node"] for entry in document["qdq"]["differing"]]
    for level in LEVELS:
        def compare():
            found = run(qdq, model.samples(source), level)
            ratio = min(decibels(*pair) for pair in zip(wanted, found, strict=True))
            same = float((wanted[0].argmax(axis=1) == found[0].argmax(axis=1)).mean()) if agrees else 1.0
            if options.show:
                note = f", {len(differing)} operators listed as differing" if differing else ""
                print(f"  {model.name} {level}: {ratio:.1f} dB" + (f", {same:.1%} the same class" if agrees else "") + note)
            stated = document["qdq"]["sqnr"]
            if abs(ratio - stated) > 6 and min(ratio, stated) < 60:
                return f"{ratio:.1f} dB, {stated:.1f} dB stated"
            least, least_same = (LISTED_DECIBELS, LISTED_AGREEMENT) if differing else (DECIBELS, AGREEMENT)
            return None if ratio >= least and same >= least_same else f"{ratio:.1f} dB, {same:.1%} the same class"

        tally.attempt(f"{model.name} {level} agrees with the device", compare)


def same_bytes(binary, model, folder):
    made = []
    for name in ("first", "second"):
        qdq = folder / f"{name}.onnx"
        quantize(binary, model, folder / f"{name}.tflite", qdq)
        made.append(qdq.read_bytes())
    return None if made[0] == made[1] else "other bytes the second time"


def main():
    options = reference.arguments(__doc__.splitlines()[0], only="", samples=100, show=False)
    binary = os.path.abspath(options.binary)
    tally = reference.Tally("qdq_export")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        models = [corpus.digits()]
        tally.attempt("the same bytes again", lambda: same_bytes(binary, models[0], folder))
        if reference.shared():
            models += corpus.models(reference.shared(), folder)
        else:
            print("the models of the corpus: skipped, EDGEOPT_SHARED is not set")
        for model in models:
            if re.search(options.only, model.name):
                check(tally, binary, model, folder, options)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
