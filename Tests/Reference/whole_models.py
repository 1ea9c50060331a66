#!/usr/bin/env python3
"""Whole models through edgeopt.

usage: whole_models.py BINARY [--only REGEX]

- The nine light_* models of the onnx package give the outputs recorded beside them (relative tolerance 1e-3).
- The digits model, and with EDGEOPT_SHARED every model of the corpus: the outputs of 32 real samples agree with ONNX
  Runtime within 1e-4 of their range; `edgeopt evaluate` finds the known accuracy (at most 2 samples off);
  no transpose is left in the graph of a CNN but at an input or output that keeps its layout.
"""
import dataclasses
import json
import os
import pathlib
import re
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper

import reference

LIGHT = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
SAMPLES = 32
SAMPLES_OFF = 2  # how far an accuracy may be from the known one


@dataclasses.dataclass
class Known:
    """A model of the corpus: its data, how it is prepared (for us and for ONNX Runtime), and its known result."""

    data: str
    arguments: tuple = ()
    prepare: object = None
    right: int = None  # samples classified right
    psnr: float = None
    transposes: int = 0  # how many transposes may be left; None: not a CNN


def image(x):
    return x[:, None] / np.float32(255)


def flat(x):
    return x.reshape(len(x), -1) / np.float32(255)


def channels_first(x):
    return x.transpose(0, 2, 1)


FMNIST = ("--scale", "1/255")
CORPUS = {
    "mlperf_resnet8": Known("cifar10", right=8719),
    "mlperf_resnet_large": Known("cifar10", right=9128),
    "mlperf_kws_dscnn": Known("kws", right=818),
    "mlperf_kws_dscnn_savedmodel_dynbatch": Known("kws", right=818),
    "mlperf_ad01": Known("ad01"),
    "fmnist_cnn": Known("fmnist", FMNIST, image, 9208),
    "fmnist_cnn_legacy": Known("fmnist", FMNIST, image, 9208),
    "fmnist_cnn_unfolded_bn": Known("fmnist", FMNIST, image, 9208),
    "fmnist_mlp_legacy": Known("fmnist", FMNIST, flat, 8977),
    "fmnist_vit_legacy": Known("fmnist", FMNIST, image, 8809, transposes=None),
    "fmnist_unet_legacy": Known("fmnist_denoise", (*FMNIST, "--label-scale", "1/255"), image, psnr=21.68),
    "har_cnn1d": Known("har", (), channels_first, 886),
    "har_lstm": Known("har", (), channels_first, 868, transposes=None),
    "large_mobilenet_v2": Known(None),
}


def light_model(run, path):
    """What is wrong with a light_* model, or None."""
    graph = onnx.load(str(path)).graph
    weights = {tensor.name for tensor in graph.initializer}
    feeds = {}
    for value in graph.input:
        if value.name not in weights:
            shape = [extent.dim_value or 1 for extent in value.type.tensor_type.shape.dim]
            # The recorded outputs are for a ramp from 0 to 1 over the whole input.
            feeds[value.name] = (np.arange(np.prod(shape)).reshape(shape) / np.prod(shape)).astype(np.float32)
    got = run(path, feeds, [value.name for value in graph.output])
    for index, value in enumerate(got):
        recorded = onnx.TensorProto()
        recorded.ParseFromString(path.with_name(f"{path.stem}_output_{index}.pb").read_bytes())
        wanted = numpy_helper.to_array(recorded)
        if value.shape != wanted.shape:
            return f"shape {value.shape} instead of {wanted.shape}"
        if not np.allclose(value, wanted, rtol=1e-3, atol=1e-7):
            return f"off by {np.abs(value - wanted).max():.3g}"
    return None


def agrees(run, model, inputs):
    """What is wrong with the outputs of samples, one by one, beside ONNX Runtime's; or None."""
    session = reference.session(model, threads=reference.WORKERS)
    name, outputs = session.get_inputs()[0].name, [output.name for output in session.get_outputs()]
    wanted = [session.run(None, {name: sample[None]}) for sample in inputs]
    got = reference.in_parallel(lambda sample: run(model, {name: sample[None]}, outputs), inputs)
    for index, output in enumerate(outputs):
        ours, theirs = (np.stack([run[index] for run in runs]) for runs in (got, wanted))
        if ours.shape != theirs.shape:
            return f"{output}: shape {ours.shape[1:]} instead of {theirs.shape[1:]}"
        error, spread = np.abs(ours.astype(np.float64) - theirs).max(), np.ptp(theirs)
        if not error <= 1e-4 * spread:
            return f"{output}: off by {error:.3g} where the range is {spread:.3g}"
    return None


def accuracy(binary, model, data, labels, known, arguments):
    """What is wrong with the result of `edgeopt evaluate`, or None."""
    metric = ["--metric", "psnr"] if known.psnr else []
    text = reference.call(binary, ["evaluate", model, "--data", data, "--labels", labels, "--json", *metric, *arguments], timeout=300)
    value, count = json.loads(text)["quality"]["before"]["value"], len(np.load(labels, mmap_mode="r"))
    if known.psnr:
        return None if abs(value - known.psnr) <= 0.005 else f"{value:.4f} dB instead of {known.psnr}"
    off = abs(round(value * count) - known.right)
    return None if off <= SAMPLES_OFF else f"{value * count:.0f} of {count} right instead of {known.right}"


def transposes(binary, model, allowed):
    """What is wrong with the transposes left in a graph, or None. Ports that keep their layout are none of them."""
    report = json.loads(reference.call(binary, ["inspect", model, "--json"]))
    left = [layer["name"] for layer in report["layers"] if layer["operator"].split()[0] == "transpose"]
    return f"{len(left)} left: {', '.join(left[:5])}" if len(left) > allowed else None


def main():
    options = reference.arguments(__doc__.splitlines()[0], only="")
    tally = reference.Tally("whole_models")
    run = reference.runner(options.binary)
    binary = None if options.binary == "ort" else os.path.abspath(options.binary)
    wanted = lambda name: re.search(options.only, name)

    light = [path for path in sorted(LIGHT.glob("light_*.onnx")) if wanted(path.stem)]
    for path in light:
        tally.attempt(path.stem, lambda: light_model(run, path))

    def model(name, path, known, x, data, labels):
        tally.attempt(f"{name}: outputs", lambda: agrees(run, path, x))
        if binary and (known.right or known.psnr):
            tally.attempt(f"{name}: accuracy", lambda: accuracy(binary, path, data, labels, known, known.arguments))
        if binary and known.transposes is not None:
            tally.attempt(f"{name}: layout", lambda: transposes(binary, path, known.transposes))

    if wanted("digits_cnn"):
        x = np.load(reference.DIGITS / "test_x.npy")[:SAMPLES, None] / np.float32(16)
        model("digits_cnn", reference.DIGITS / "digits_cnn.onnx", Known("", ("--scale", "1/16"), right=591), x,
              reference.DIGITS / "test_x.npy", reference.DIGITS / "test_y.npy")

    folder = reference.shared()
    for name, known in CORPUS.items():
        if not wanted(name):
            continue
        if not folder:
            tally.skip(name, "EDGEOPT_SHARED is not set")
            continue
        data = folder / "corpus" / "data"
        if known.data:
            x = np.load(data / f"{known.data}_test_x.npy", mmap_mode="r")[:SAMPLES]
            x = (known.prepare(x) if known.prepare else x).astype(np.float32)
        else:
            x = np.random.default_rng(0).standard_normal((SAMPLES, 3, 224, 224)).astype(np.float32)
        model(name, folder / "corpus" / "models" / f"{name}.onnx", known, x,
              data / f"{known.data}_test_x.npy", data / f"{known.data}_test_y.npy")
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
