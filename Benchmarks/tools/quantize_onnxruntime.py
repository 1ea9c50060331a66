"""Quantizes with ONNX Runtime: quantize_onnxruntime.py MODEL.onnx SAMPLES.npy OUT.onnx [MinMax|Entropy|Percentile]

SAMPLES are prepared: one row for each, in the model's own layout. Static QDQ, int8, per channel.
"""
import logging
import sys

import numpy as np
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

onnxruntime.set_default_logger_severity(4)
logging.disable(logging.WARNING)


class Samples(CalibrationDataReader):
    def __init__(self, name, samples):
        self.rows = iter([{name: sample[None]} for sample in samples])

    def get_next(self):
        return next(self.rows, None)


def main():
    model, samples, out, *method = sys.argv[1:]
    name = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).get_inputs()[0].name
    quantize_static(
        model, out, Samples(name, np.load(samples)), quant_format=QuantFormat.QDQ, per_channel=True,
        activation_type=QuantType.QInt8, weight_type=QuantType.QInt8,
        calibrate_method=getattr(CalibrationMethod, method[0] if method else "MinMax"),
    )


main()
