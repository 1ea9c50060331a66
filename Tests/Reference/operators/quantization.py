"""QuantizeLinear and DequantizeLinear: per tensor, per axis, per block."""
import numpy as np

from operators.case import Case, operator


def parameters(draw, shape, attributes):
    """The shape of scale and zero point, and the attributes that say what it means."""
    style = draw.choice(["tensor", "tensor", "axis", "block"])
    if style == "axis" and draw.version >= 13:
        axis = draw.integer(0, len(shape) - 1)
        attributes["axis"] = axis - len(shape) if draw.chance(0.3) else axis
        return [shape[axis]]
    if style == "block" and draw.version >= 21:
        axis = draw.integer(0, len(shape) - 1)
        block = draw.choice([1, 2, 3])
        blocks = draw.integer(1, 3)
        shape[axis] = block * blocks
        attributes.update(axis=axis, block_size=block)
        return [blocks if index == axis else extent for index, extent in enumerate(shape)]
    return []


@operator("QuantizeLinear")
def quantize(draw):
    shape = draw.shape(1, 4, empty=0)
    attributes = {}
    scales = parameters(draw, shape, attributes)
    dtype = draw.choice([np.uint8, np.int8])
    scale = np.float32(2.0) ** draw.integers(scales, -6, -2)  # exact division: no tie depends on rounding
    zero = draw.integers(scales, 0, 100, dtype) if dtype is np.uint8 else draw.integers(scales, -50, 50, dtype)
    x = draw.floats(shape, -8, 8)
    if draw.chance(0.3):
        x = np.round(x * 128) / np.float32(128)  # halves of a step
    return Case([x.astype(np.float32), scale.astype(np.float32), None if dtype is np.uint8 and draw.chance(0.3) else zero],
                attributes, constant=(1, 2) if draw.chance(0.6) else ())


@operator("DequantizeLinear")
def dequantize(draw):
    shape = draw.shape(1, 4, empty=0)
    attributes = {}
    scales = parameters(draw, shape, attributes)
    dtype = draw.choice([np.uint8, np.int8, np.int32])
    x = draw.integers(shape, 0 if dtype is np.uint8 else -120, 120, dtype)
    zero = None if dtype is np.int32 or draw.chance(0.2) else draw.integers(scales, 0, 60, dtype)
    return Case([x, draw.floats(scales, 0.01, 0.2), zero], attributes, constant=(1, 2) if draw.chance(0.6) else ())
