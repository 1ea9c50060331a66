"""Quantizes with ai-edge-quantizer: quantize_ai_edge.py FLOAT.tflite SAMPLES.npy OUT.tflite

SAMPLES are prepared: one batch of one per row, in the file's own layout. Recipe static_wi8_ai8.
"""
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import quantizer, recipe


def main():
    model, samples, out = sys.argv[1:]
    signatures = Interpreter(model_path=model).get_signature_list()
    key = next(iter(signatures))
    name = signatures[key]["inputs"][0]
    shape = Interpreter(model_path=model).get_input_details()[0]["shape"]
    rows = [{name: sample.reshape(shape)} for sample in np.load(samples)]
    work = quantizer.Quantizer(model)
    work.load_quantization_recipe(recipe.static_wi8_ai8())
    work.quantize(work.calibrate({key: rows})).export_model(out, overwrite=True)


main()
