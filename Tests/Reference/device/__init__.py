"""Random .tflite models of one operator each, for the comparison with the TensorFlow Lite Micro interpreter."""
from .model import Draw, Rejected  # noqa: F401
from . import arithmetic, decoding, layers, movement, recurrent, reductions, unary

GENERATORS = {}
for module in (arithmetic, decoding, layers, movement, recurrent, reductions, unary):
    GENERATORS.update(module.GENERATORS)
