"""Unary, binary, comparison and logic operators."""
import numpy as np
from onnx import helper

from operators.case import Case, operator

# Where a unary operator is defined (or is well conditioned).
DOMAINS = {
    "Acos": (-1, 1), "Acosh": (1, 6), "Asin": (-1, 1), "Asinh": (-6, 6), "Atan": (-6, 6), "Atanh": (-0.95, 0.95),
    "Ceil": (-9, 9), "Cos": (-9, 9), "Cosh": (-4, 4), "Erf": (-4, 4), "Exp": (-8, 5), "Floor": (-9, 9),
    "HardSwish": (-6, 6), "Log": (0.01, 20), "Mish": (-8, 8), "Reciprocal": (0.2, 4), "Round": (-9, 9),
    "Sigmoid": (-12, 12), "Sin": (-9, 9), "Sinh": (-4, 4), "Softplus": (-20, 20), "Softsign": (-6, 6),
    "Sqrt": (0, 20), "Tan": (-1.3, 1.3), "Tanh": (-6, 6),
}


@operator(*DOMAINS)
def unary(draw):
    x = draw.floats(draw.shape(0, 5, extent=8), *DOMAINS[draw.name])
    if draw.name == "Reciprocal":
        x = x * draw.choice([-1, 1]).__float__()
    if draw.name == "Round" and draw.chance(0.5):
        x = np.round(x * 2) / 2  # halves, which round to even
    return Case([x.astype(np.float32)])


@operator("Abs", "Neg", "Sign", "Relu")
def signed(draw):
    kinds = "fffil" if draw.name != "Relu" or draw.version >= 14 else "f"
    return Case([draw.values(draw.shape(0, 5), kinds, -9, 9)])


@operator("Identity")
def identity(draw):
    return Case([draw.values(draw.shape(0, 6), "ffilb")])


@operator("Celu", "Elu", "LeakyRelu", "ThresholdedRelu", "Swish")
def with_alpha(draw):
    attributes = {}
    draw.attribute(attributes, "alpha", draw.number(0.05, 2))
    return Case([draw.floats(draw.shape(0, 5), -5, 5)], attributes)


@operator("HardSigmoid")
def hard_sigmoid(draw):
    attributes = {}
    draw.attribute(attributes, "alpha", draw.number(0.1, 0.6))
    draw.attribute(attributes, "beta", draw.number(0.1, 0.8))
    return Case([draw.floats(draw.shape(0, 5), -5, 5)], attributes)


@operator("Selu")
def selu(draw):
    attributes = {}
    draw.attribute(attributes, "alpha", draw.number(0.5, 2))
    draw.attribute(attributes, "gamma", draw.number(0.5, 2))
    return Case([draw.floats(draw.shape(0, 5), -5, 5)], attributes)


@operator("Shrink")
def shrink(draw):
    attributes = {}
    draw.attribute(attributes, "lambd", draw.number(0.1, 2))
    draw.attribute(attributes, "bias", draw.number(-1, 1))
    return Case([draw.floats(draw.shape(0, 5), -5, 5)], attributes)


@operator("Gelu")
def gelu(draw):
    attributes = {}
    draw.attribute(attributes, "approximate", draw.choice(["none", "tanh"]))
    return Case([draw.floats(draw.shape(0, 5), -6, 6)], attributes)


@operator("SwiGLU")
def swiglu(draw):
    shape = draw.shape(1, 4)
    attributes = {}
    draw.attribute(attributes, "alpha", draw.number(0.5, 2))
    return Case([draw.floats(shape, -5, 5), draw.floats(shape)], attributes)


@operator("Clip")
def clip(draw):
    shape = draw.shape(0, 5)
    low, high = draw.number(-2, 0), draw.number(0, 2)
    if draw.version < 11:
        attributes = {}
        draw.attribute(attributes, "min", low)
        draw.attribute(attributes, "max", high)
        return Case([draw.floats(shape)], attributes)
    x = draw.values(shape, "ffffil" if draw.version >= 12 else "f", -9, 9)
    bounds = [np.array(round(b) if x.dtype.kind == "i" else b, x.dtype) if draw.chance(0.75) else None for b in (low, high)]
    return Case([x, *bounds])


@operator("PRelu")
def prelu(draw):
    shape = draw.shape(1, 5)
    slope = draw.broadcast(shape)
    return Case([draw.floats(shape), draw.floats(slope, -1, 1)])


def pair(draw, kinds, low=-3, high=3):
    """Two arrays of one type that broadcast, either of them the larger one."""
    shape = draw.shape(0, 5)
    kind = draw.choice(kinds)
    arrays = [draw.values(shape, kind, low, high), draw.values(draw.broadcast(shape), kind, low, high)]
    return arrays[::-1] if draw.chance(0.3) else arrays


@operator("Add", "Sub", "Mul")
def arithmetic(draw):
    return Case(pair(draw, "fffil"), fed=(1,) if draw.chance(0.4) else ())


@operator("Div")
def divide(draw):
    a, b = pair(draw, "fffil", -40, 40)
    b = np.where(np.abs(b) < 0.5, np.array(2, b.dtype), b)
    return Case([a, b], fed=(1,) if draw.chance(0.4) else ())


@operator("Pow")
def power(draw):
    shape = draw.shape(0, 5)
    if draw.version >= 12 and draw.chance(0.25):
        kind, exponent = draw.choice([("i", "i"), ("l", "l"), ("f", "i"), ("f", "l"), ("i", "f"), ("l", "f")])
        base = draw.values(shape, kind, 1, 4)
        return Case([base, draw.values(draw.broadcast(shape), exponent, 0, 3)])
    if draw.chance(0.4):
        return Case([draw.floats(shape), np.float32(draw.choice([0, 0.5, 1, 2, 3, -1, -2])).reshape(draw.choice([(), (1,)]))]
                    if draw.chance(0.5) else [draw.floats(shape, 0.2, 3), np.float32(draw.choice([0.5, -0.5, 1.5, 2])).reshape(())])
    return Case([draw.floats(shape, 0.1, 4), draw.floats(draw.broadcast(shape), -3, 3)])


@operator("Mod")
def modulo(draw):
    a, b = pair(draw, "ffil", -20, 20)
    b = np.where(np.abs(b) < 1, np.array(3, b.dtype), b)
    floating = a.dtype.kind == "f"
    return Case([a, b], {"fmod": 1} if floating or draw.chance(0.4) else {})


@operator("Max", "Min")
def extreme(draw):
    kind = draw.choice("fffil" if draw.version >= 12 else "f")
    shape = draw.shape(0, 4)
    return Case([draw.values(shape, kind, -9, 9)]
                + [draw.values(draw.broadcast(shape), kind, -9, 9) for _ in range(draw.integer(0, 3))])


@operator("Sum", "Mean")
def variadic(draw):
    shape = draw.shape(0, 4)
    return Case([draw.floats(shape)] + [draw.floats(draw.broadcast(shape)) for _ in range(draw.integer(0, 3))])


@operator("And", "Or", "Xor")
def logic(draw):
    return Case(pair(draw, "b"))


@operator("Not")
def negation(draw):
    return Case([draw.booleans(draw.shape(0, 5))])


@operator("Equal")
def equal(draw):
    kinds = "filb" if draw.version >= 11 else "il"
    return Case(pair(draw, kinds, -2, 2))


@operator("Greater", "GreaterOrEqual", "Less", "LessOrEqual")
def comparison(draw):
    kinds = "ffil" if draw.version >= 9 else "f"
    return Case(pair(draw, kinds, -2, 2))


@operator("Where")
def where(draw):
    shape = draw.shape(0, 5)
    kind = draw.choice("fffil")
    return Case([draw.booleans(draw.broadcast(shape)), draw.values(shape, kind), draw.values(draw.broadcast(shape), kind)])


@operator("BitShift")
def shift(draw):
    dtype = draw.choice([np.uint8, np.uint32, np.uint64])
    shape = draw.shape(0, 4)
    return Case([draw.integers(shape, 0, 200, dtype), draw.integers(draw.broadcast(shape), 0, 5, dtype)],
                {"direction": draw.choice(["LEFT", "RIGHT"])})


@operator("BitwiseAnd", "BitwiseOr", "BitwiseXor")
def bitwise(draw):
    return Case(pair(draw, "ilus", -100, 100))


@operator("BitwiseNot")
def bitwise_not(draw):
    return Case([draw.values(draw.shape(0, 5), "ilus", -100, 100)])


def odd_values(draw, shape):
    """Floats with infinities and NaNs among them."""
    x = draw.floats(shape)
    chosen = draw.integers(shape, 0, 5)
    return np.choose(np.minimum(chosen, 3), [np.full_like(x, np.inf), np.full_like(x, -np.inf), np.full_like(x, np.nan), x]).astype(np.float32)


@operator("IsInf")
def is_infinite(draw):
    attributes = {}
    draw.attribute(attributes, "detect_negative", draw.integer(0, 1))
    draw.attribute(attributes, "detect_positive", draw.integer(0, 1))
    return Case([odd_values(draw, draw.shape(1, 4))], attributes)


@operator("IsNaN")
def is_nan(draw):
    return Case([odd_values(draw, draw.shape(1, 4))])


CAST_TYPES = [np.float32, np.int32, np.int64, np.bool_, np.uint8, np.int8, np.int16, np.uint16, np.uint32]


def cast_source(draw):
    """Values that every type can hold, so that no conversion is undefined."""
    shape = draw.shape(0, 4)
    source = draw.choice(CAST_TYPES)
    if source is np.float32:
        return draw.floats(shape, 0, 100)
    return draw.booleans(shape) if source is np.bool_ else draw.integers(shape, 0, 100, source)


@operator("Cast")
def cast(draw):
    return Case([cast_source(draw)], {"to": helper.np_dtype_to_tensor_dtype(np.dtype(draw.choice(CAST_TYPES)))})


@operator("CastLike")
def cast_like(draw):
    return Case([cast_source(draw), np.zeros(draw.shape(0, 2, empty=0), draw.choice(CAST_TYPES))])


@operator("Dropout")
def dropout(draw):
    x = draw.floats(draw.shape(1, 4))
    if draw.version >= 12:
        ratio = np.array(draw.number(0, 0.9), np.float32) if draw.chance(0.6) else None
        training = np.array(False) if draw.chance(0.3) else None
        return Case([x, ratio, training], constant=(1, 2), outputs=draw.integer(1, 2))
    attributes = {}
    draw.attribute(attributes, "ratio", draw.number(0, 0.9))
    return Case([x], attributes)
