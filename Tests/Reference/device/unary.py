"""Operators on one operand, element by element or row by row; int8 ones over all 256 numbers."""
import numpy as np

from .model import Case, Model

EVERY = np.arange(-128, 128).astype(np.int8).reshape(1, 256)


def operand(draw, type):
    if type == "int8":
        return EVERY
    if type == "int16":
        numbers = draw.random.integers(-32768, 32768, 400)
        return np.concatenate([numbers, [-32768, -32767, -1, 0, 1, 32766, 32767]]).astype(np.int16).reshape(1, -1)
    return draw.values(draw.shape(), type)


# Those with an int8 kernel, for the sweep over all 256 numbers alone.
SWEEPS = {}


def unary(name, types, options=None, output=None, scales=None, same=False, positive=False, settings=None, ratio=None):
    """`output` is the grid that the operator's results always have, by type."""
    def generate(draw, only=None):
        type = only or draw.choice(types)
        model = Model()
        values = operand(draw, type)
        grids = [None, None]
        if type in ("int8", "int16"):
            low, high = (scales or {}).get(type, (None, None))
            grids = [draw.grid(type, low, high), draw.grid(type)]
            if ratio:
                grids[1] = (np.float32(grids[0][0] * draw.random.uniform(*ratio)), grids[1][1])
            if same or (name == "ABS" and draw.chance(0.3)):
                grids[1] = (grids[0][0], grids[0][1] if same else grids[1][1])
            if output:
                grids[1] = output[type]
            if positive:
                zero = draw.integer(-128, 0) if type == "int8" else 0
                grids[0] = (grids[0][0], zero)
                values = np.maximum(values, zero).astype(type)
        elif positive:
            values = np.abs(values) + np.float32(0.01)
        x = model.tensor(values.shape, type, grids[0])
        y = model.tensor(values.shape, type, grids[1])
        fields = settings(draw) if settings else {}
        model.operator(name, [x], [y], options, **fields)
        return Case(model, {x: values}, [y], 2e-6 if type == "float32" else None)
    if "int8" in types:
        SWEEPS[name + "_every_number"] = lambda draw: generate(draw, "int8")
    return generate


def prelu(draw):
    type = draw.choice(["float32", "int8", "int8", "int16"])
    model, inputs = Model(), {}
    shape = draw.shape(1, 4)
    slope = [extent if draw.chance() else 1 for extent in shape][draw.integer(0, len(shape) - 1):]
    grids = [draw.grid(type), draw.grid("int8"), draw.grid(type)] if type != "float32" else [None] * 3
    x = draw.perhaps_constant(inputs, model, shape, type, grids[0], 0)
    alpha_type = "float32" if type == "float32" else "int8"
    alpha = model.tensor(slope, alpha_type, grids[1], data=draw.values(slope, alpha_type))
    y = model.tensor(shape, type, grids[2])
    model.operator("PRELU", [x, alpha], [y])
    return Case(model, inputs, [y], 1e-6 if type == "float32" else None)


def rows(name, options, types, outputs, scales=(1e-3, 0.5), settings=None, wide=False):
    """Operators along the last axis; `outputs` are the grids of their results."""
    def generate(draw):
        type, result = draw.choice(types)
        shape = draw.shape(1, 4, 5)
        shape[-1] = draw.choice([1, 2, 3, 10, 37, 100] + ([700, 1500] if wide else []))
        values = draw.values(shape, type)
        if type in ("int8", "int16"):
            kind = draw.integer(0, 3)
            if kind == 0:  # many equal numbers
                values = np.full(shape, draw.integer(-128, 127), type)
            elif kind == 1:
                values = (values // 16).astype(type)
        model = Model()
        grid = None
        if type == "int8":
            grid = (draw.scale(*scales), draw.integer(-128, 127))
        elif type == "int16":
            grid = (draw.scale(1e-5, 1e-2), 0)
        x = model.tensor(shape, type, grid)
        y = model.tensor(shape, result, outputs.get((type, result)))
        model.operator(name, [x], [y], options, **(settings(draw) if settings else {}))
        return Case(model, {x: values}, [y], 2e-5 if type == "float32" else None)
    return generate


def quantize(draw):
    source, target = draw.choice([
        ("float32", "int8"), ("float32", "int16"), ("int8", "int8"), ("int8", "int16"), ("int8", "int32"), ("int8", "uint8"),
        ("int16", "int8"), ("int16", "int16"), ("int16", "int32"), ("int32", "int8"), ("int32", "int16"), ("uint8", "int8")])
    values = operand(draw, source) if source != "uint8" else np.arange(256).astype(np.uint8).reshape(1, 256)
    if source == "float32":
        values = np.concatenate([values.ravel() * 30, np.arange(-40, 40) * np.float32(0.125), [0, -0.0, 1e4, -1e4]]).astype(np.float32).reshape(1, -1)
    if source == "int32":
        values = draw.random.integers(-2**20, 2**20, (1, 300)).astype(np.int32)
    def grid(type):
        if type == "uint8":
            return draw.scale(), draw.integer(0, 255)
        if type == "int32":
            return draw.scale(1e-6, 1e-3), 0
        return draw.grid(type)
    first, second = (None if source == "float32" else grid(source)), grid(target)
    if {source, target} == {"int8", "uint8"} and draw.chance():
        zero = draw.integer(-128, 127)
        first, second = (first[0], zero), (first[0], zero)
        first, second = [(pair[0], pair[1] + (128 if type == "uint8" else 0)) for pair, type in ((first, source), (second, target))]
    if source == "float32" and draw.chance(0.4):
        second = (np.float32(0.25), second[1])
    model = Model()
    x = model.tensor(values.shape, source, first)
    y = model.tensor(values.shape, target, second)
    model.operator("QUANTIZE", [x], [y], "QuantizeOptions")
    return Case(model, {x: values}, [y])


def dequantize(draw):
    source = draw.choice(["int8", "int16", "uint8"])
    values = operand(draw, source) if source != "uint8" else np.arange(256).astype(np.uint8).reshape(1, 256)
    model = Model()
    x = model.tensor(values.shape, source, (draw.scale(), draw.integer(0, 255)) if source == "uint8" else draw.grid(source))
    y = model.tensor(values.shape, "float32")
    model.operator("DEQUANTIZE", [x], [y], "DequantizeOptions")
    return Case(model, {x: values}, [y], 0)


def cast(draw):
    kinds = ["int8", "int16", "int32", "float32", "bool"]
    source, target = draw.choice(kinds), draw.choice(kinds)
    values = draw.values(draw.shape(), source)
    if source == "float32":
        values = values * np.float32(20)
    model = Model()
    x, y = model.tensor(values.shape, source), model.tensor(values.shape, target)
    model.operator("CAST", [x], [y], "CastOptions")
    return Case(model, {x: values}, [y], 0 if target == "float32" else None)


def float_only(name, options=None, positive=False):
    return unary(name, ["float32"], options, positive=positive)


SIXTEEN = {"int8": (1 / 256, -128), "int16": (2.0**-15, 0)}
GENERATORS = {
    "LOGISTIC": unary("LOGISTIC", ["float32", "int8", "int8", "int16"], output=SIXTEEN, scales={"int16": (3e-5, 2e-3)}),
    "TANH": unary("TANH", ["float32", "int8", "int8", "int16"], output={"int8": (1 / 128, 0), "int16": (2.0**-15, 0)}, scales={"int16": (3e-5, 2e-3)}),
    "RELU": unary("RELU", ["float32", "int8", "int8", "int16"]),
    "RELU6": unary("RELU6", ["float32", "int8", "int8", "int16"], same=True),
    "LEAKY_RELU": unary("LEAKY_RELU", ["float32", "int8", "int8", "int16"], "LeakyReluOptions", settings=lambda draw: {"alpha": float(draw.random.uniform(-1, 2))}),
    "ELU": unary("ELU", ["float32", "int8", "int8", "int8"]),
    "HARD_SWISH": unary("HARD_SWISH", ["float32", "int8", "int8"], "HardSwishOptions", ratio=(0.02, 3)),
    "ABS": unary("ABS", ["float32", "int8", "int8", "int16"], "AbsOptions"),
    "RSQRT": unary("RSQRT", ["float32", "int8", "int8", "int16"], positive=True),
    "NEG": float_only("NEG", "NegOptions"), "SIN": float_only("SIN"), "COS": float_only("COS", "CosOptions"),
    "LOG": float_only("LOG", positive=True), "SQRT": float_only("SQRT", positive=True), "SQUARE": float_only("SQUARE", "SquareOptions"),
    "EXP": float_only("EXP", "ExpOptions"), "FLOOR": float_only("FLOOR"), "CEIL": float_only("CEIL"), "ROUND": float_only("ROUND"),
    "PRELU": prelu, "QUANTIZE": quantize, "DEQUANTIZE": dequantize, "CAST": cast,
    "SOFTMAX": rows(
        "SOFTMAX", "SoftmaxOptions", [("float32", "float32"), ("int8", "int8"), ("int8", "int8"), ("int8", "int16"), ("int16", "int16")],
        {("int8", "int8"): (1 / 256, -128), ("int8", "int16"): (1 / 65536, -32768), ("int16", "int16"): (1 / 32768, 0)},
        settings=lambda draw: {"beta": 1.0 if draw.chance(0.7) else float(draw.random.uniform(0.2, 3))}, wide=True),
    "LOG_SOFTMAX": rows(
        "LOG_SOFTMAX", "LogSoftmaxOptions", [("float32", "float32"), ("int8", "int8"), ("int8", "int8"), ("int8", "int8")],
        {("int8", "int8"): (16 / 256, 127)}, wide=True),
    "L2_NORMALIZATION": rows(
        "L2_NORMALIZATION", "L2NormOptions", [("float32", "float32"), ("int8", "int8"), ("int8", "int8"), ("int8", "int8")],
        {("int8", "int8"): (1 / 128, 0)}),
}
GENERATORS.update(SWEEPS)


def requantize_every_number(draw):
    model = Model()
    x, y = model.tensor(EVERY.shape, "int8", draw.grid()), model.tensor(EVERY.shape, "int8", draw.grid())
    model.operator("QUANTIZE", [x], [y], "QuantizeOptions")
    return Case(model, {x: EVERY}, [y])


def prelu_every_pair(draw):
    model = Model()
    values, slopes = np.repeat(EVERY.reshape(256, 1), 256, 1), EVERY
    x = model.tensor(values.shape, "int8", draw.grid())
    alpha = model.tensor(slopes.shape, "int8", draw.grid(), data=slopes)
    y = model.tensor(values.shape, "int8", draw.grid())
    model.operator("PRELU", [x, alpha], [y])
    return Case(model, {x: values}, [y])


GENERATORS["QUANTIZE_every_number"] = requantize_every_number
GENERATORS["PRELU_every_pair"] = prelu_every_pair
