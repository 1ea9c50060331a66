#!/usr/bin/env python3
"""Models that ONNX Runtime quantized, as .tflite files: QDQ and QOperator, one scale per channel and per tensor, int8 and
uint8 activations.

usage: qdq_import.py BINARY [--only REGEX] [--samples N]

`edgeopt quantize` takes them without samples, since the file gives all scales, and the integer executor's outputs agree
with ONNX Runtime's: both round, in different places, so that outputs may be off by a few steps of their scale; the
signal-to-noise ratio between the two must reach LIMIT decibels. With EDGEOPT_SHARED only: the models stand there.
"""
import pathlib
import re
import sys
import tempfile

import numpy as np
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

import reference

LIMIT = 30.0

MODELS = {
    "mlperf_resnet8": ("cifar10", lambda x: x),
    "har_cnn1d": ("har", lambda x: x.transpose(0, 2, 1)),
    "fmnist_cnn_legacy": ("fmnist", lambda x: x[:, None] / 255),
    "mlperf_kws_dscnn": ("kws", lambda x: x),
}


class Samples(CalibrationDataReader):
    def __init__(self, name, samples):
        self.rest = iter([{name: sample[None]} for sample in samples])

    def get_next(self):
        return next(self.rest, None)


def variants():
    for form in (QuantFormat.QDQ, QuantFormat.QOperator):
        for per_channel in (False, True):
            for activation in (QuantType.QInt8, QuantType.QUInt8):
                yield form, per_channel, activation


def decibels(wanted, found):
    error = np.square(wanted.astype(np.float64) - found).sum()
    return float("inf") if error == 0 else 10 * np.log10(np.square(wanted.astype(np.float64)).sum() / error)


def run(binary, model, name, samples, folder):
    outputs = []
    for sample in samples:
        np.save(folder / "x.npy", np.ascontiguousarray(sample[None]))
        target = folder / "outputs"
        reference.call(binary, ["run", model, "--input", f"{name}={folder / 'x.npy'}", "--output-dir", target, "--force"])
        outputs.append(np.load(next(target.glob("*.npy"))))
    return np.concatenate([output.reshape(1, -1) for output in outputs])


def check(binary, quantized, samples, folder):
    """The decibels between ONNX Runtime and the .tflite file."""
    session = onnxruntime.InferenceSession(quantized)
    name = session.get_inputs()[0].name
    wanted = np.concatenate([session.run(None, {name: x[None]})[0].reshape(1, -1) for x in samples])
    target = folder / "model.tflite"
    reference.call(binary, ["quantize", quantized, "-o", target, "--force", "--keep-io-layout",
                            "--input-type", "float32", "--output-type", "float32"])
    return decibels(wanted, run(binary, target, name, samples, folder))


def main():
    options = reference.arguments(__doc__, only="", samples=10)
    shared = reference.shared()
    if shared is None:
        print("skipped: EDGEOPT_SHARED does not name the folder of real models")
        return 0
    failures = 0
    for model, (data, prepare) in MODELS.items():
        arrays = shared / "corpus" / "data"
        calibration = prepare(np.load(arrays / f"{data}_calib_x.npy")[:100].astype(np.float32)).astype(np.float32)
        tests = prepare(np.load(arrays / f"{data}_test_x.npy")[:options.samples].astype(np.float32)).astype(np.float32)
        for form, per_channel, activation in variants():
            title = f"{model} {form.name} {'per channel' if per_channel else 'per tensor'} {activation.name}"
            if options.only and not re.search(options.only, title):
                continue
            with tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                source = folder / "float.onnx"
                source.write_bytes((shared / "corpus" / "models" / f"{model}.onnx").read_bytes())
                quantized = folder / "quantized.onnx"
                port = onnxruntime.InferenceSession(source).get_inputs()[0].name
                quantize_static(source, quantized, Samples(port, calibration), quant_format=form,
                                per_channel=per_channel, activation_type=activation, weight_type=QuantType.QInt8)
                try:
                    ratio = check(options.binary, quantized, tests, folder)
                except Exception as problem:  # one model more that fails
                    print(f"FAIL {title}: {problem}")
                    failures += 1
                    continue
            verdict = "ok  " if ratio >= LIMIT else "FAIL"
            failures += ratio < LIMIT
            print(f"{verdict} {title}: {ratio:.1f} dB")
    print(f"{failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
