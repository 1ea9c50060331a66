#!/usr/bin/env python3
"""Models that ONNX Runtime quantized, as .tflite files in the TensorFlow Lite Micro interpreter.

usage: quantized_models.py BINARY [--only REGEX]

The digits model, and with EDGEOPT_SHARED the convolutional models of the corpus, with int8 and with uint8 activations, as
QDQ per channel; small ones also as QOperator and with one scale for each tensor:
`edgeopt quantize` makes them int8 without any samples, and against the float model the interpreter's outputs on real
samples are as good as those of ONNX Runtime on the quantized model, up to MARGIN dB. (They are not the same: batch
normalizations are folded, and each kernel rounds in its own way.)
"""
import json
import logging
import pathlib
import re
import sys
import tempfile

import numpy as np

import corpus
import micro
import reference

logging.disable(logging.CRITICAL)
from onnxruntime import quantization  # noqa: E402  (it warns about its own tools)

CALIBRATION, SAMPLES, MARGIN = 40, 60, 1
MODELS = {"digits_cnn", "mlperf_resnet8", "mlperf_kws_dscnn", "fmnist_cnn_legacy", "fmnist_mlp_legacy", "har_cnn1d"}
IN_ALL_FORMS = {"digits_cnn", "har_cnn1d"}
FORMS = [(form, per_channel) for form in (quantization.QuantFormat.QDQ, quantization.QuantFormat.QOperator)
         for per_channel in (True, False)]


class Reader(quantization.CalibrationDataReader):
    def __init__(self, name, samples):
        self.feeds = iter([{name: sample} for sample in samples])

    def get_next(self):
        return next(self.feeds, None)


def check(binary, model, activations, form, per_channel, folder):
    """What is wrong with one model, or None."""
    source, target = folder / "source.onnx", folder / "quantized.onnx"
    source.write_bytes(model.path.read_bytes())
    port = reference.session(source).get_inputs()[0]
    shape = [1] + [size if isinstance(size, int) else 1 for size in port.shape[1:]]
    calibration = model.samples(model.calibration, CALIBRATION).reshape(-1, *shape)
    quantization.quantize_static(
        str(source), str(target), Reader(port.name, calibration), quant_format=form,
        per_channel=per_channel, weight_type=quantization.QuantType.QInt8, activation_type=activations)
    x = model.samples(model.test, SAMPLES).reshape(-1, *shape)
    exact, quantized = [
        np.stack([session.run(None, {port.name: sample})[0] for sample in x])
        for session in (reference.session(source), reference.session(target))]
    device = folder / "model.tflite"
    words = ["quantize", target, "-o", device, "--force", "--json", "--keep-io-layout", "--input-type", "float32",
             "--output-type", "float32"]
    try:
        document = json.loads(reference.call(binary, words))
        if "sha256" in document["calibration"]:
            return "the file names samples, though there were none"
    except reference.EdgeoptError as error:
        # The quantizer left a part of the model in float, whose ranges nobody knows.
        if "the file gives no scale for" not in str(error) or form != quantization.QuantFormat.QOperator:
            raise
        np.save(folder / "calibration.npy", calibration[:, 0])
        reference.call(binary, [*words, "--calib", folder / "calibration.npy"])
    got, wanted = sqnr(exact, micro.run(device, [x])[0][0]), sqnr(exact, quantized)
    return f"{got:.1f} dB instead of {wanted:.1f} dB" if got < wanted - MARGIN else None


def sqnr(exact, found):
    return 10 * np.log10(np.square(exact).sum() / np.square(exact - found).sum())


def main():
    options = reference.arguments(__doc__.splitlines()[0], only="")
    tally = reference.Tally("quantized_models")
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        models = [corpus.digits()]
        shared = reference.shared()
        if shared:
            models += corpus.models(shared, folder)
        else:
            tally.skip("corpus", "EDGEOPT_SHARED is not set")
        for model in models:
            if model.name not in MODELS or not re.search(options.only or "", model.name):
                continue
            for form, per_channel in FORMS if model.name in IN_ALL_FORMS else FORMS[:1]:
                for kind in (quantization.QuantType.QInt8, quantization.QuantType.QUInt8):
                    title = f"{model.name} {form.name} {'per channel' if per_channel else 'per tensor'} {kind.name}"
                    tally.attempt(title, lambda: check(options.binary, model, kind, form, per_channel, folder))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
