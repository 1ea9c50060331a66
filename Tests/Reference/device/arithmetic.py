"""Operators on two or more operands, element by element."""
import numpy as np

from .model import Case, Model, Rejected

ACTIVATIONS = [0, 0, 0, 1, 2, 3]


def binary(name, options, types, quantized_output=True, activation=True):
    def generate(draw):
        type = draw.choice(types)
        a, b, result = draw.broadcast()
        model, inputs = Model(), {}
        grids = [None] * 3
        if type in ("int8", "int16"):
            grids = [draw.grid(type) for _ in range(3)]
            if name == "MUL" and draw.chance(0.8):
                grids[2] = (np.float32(grids[0][0] * grids[1][0] * draw.random.uniform(0.3, 3) * (100 if type == "int8" else 9000)), grids[2][1])
            elif name == "SQUARED_DIFFERENCE":
                grids[2] = (np.float32(max(grids[0][0], grids[1][0]) ** 2 * draw.random.uniform(1, 200 if type == "int8" else 60000)), grids[2][1])
            elif name != "DIV" and draw.chance(0.8):
                grids[2] = (np.float32(max(grids[0][0], grids[1][0]) * draw.random.uniform(0.5, 2.5)), grids[2][1])
            if name in ("MAXIMUM", "MINIMUM"):
                grids = [grids[0]] * 3
        second = draw.values(b, type)
        if name in ("DIV", "FLOOR_DIV", "FLOOR_MOD"):
            if type == "int8":
                second = np.where(second == grids[1][1], second - 1 if grids[1][1] > 0 else second + 1, second).astype(np.int8)
            else:
                second = np.where(np.abs(second) < 0.1, np.float32(1.5), second)
        x = draw.perhaps_constant(inputs, model, a, type, grids[0], 0.1)
        y = draw.perhaps_constant(inputs, model, b, type, grids[1], 0.3, second)
        if not inputs:
            raise Rejected("nothing is left to feed")
        out = model.tensor(result, type, grids[2])
        fields = {"fusedActivationFunction": draw.choice(ACTIVATIONS)} if activation and type not in ("int32", "int64") else {}
        model.operator(name, [x, y], [out], options, **fields)
        return Case(model, inputs, [out], 1e-6 if type == "float32" else None)
    return generate


def comparison(name, types):
    def generate(draw):
        type = draw.choice(types)
        a, b, result = draw.broadcast(4)
        model, inputs = Model(), {}
        grids = [(draw.scale(1e-3, 0.9), draw.integer(-128, 127)) if type == "int8" else None for _ in range(2)]
        if type == "int8" and draw.chance(0.4):
            grids[1] = grids[0]
        values = [draw.values(a, type), draw.values(b, type)]
        if type in ("int32", "int64", "float32"):
            values = [np.round(value % 4).astype(type) for value in values]
        x = draw.perhaps_constant(inputs, model, a, type, grids[0], 0, values[0])
        y = draw.perhaps_constant(inputs, model, b, type, grids[1], 0.3, values[1])
        out = model.tensor(result, "bool")
        options = "".join(part.capitalize() for part in name.split("_")) + "Options"
        model.operator(name, [x, y], [out], options)
        return Case(model, inputs, [out])
    return generate


def logical(name):
    def generate(draw):
        model, inputs = Model(), {}
        a, b, result = draw.broadcast(4)
        x = draw.perhaps_constant(inputs, model, a, "bool", None, 0)
        if name == "LOGICAL_NOT":
            out = model.tensor(a, "bool")
            model.operator(name, [x], [out], "LogicalNotOptions")
        else:
            y = draw.perhaps_constant(inputs, model, b, "bool", None, 0.3)
            out = model.tensor(result, "bool")
            model.operator(name, [x, y], [out], "LogicalAndOptions" if name == "LOGICAL_AND" else "LogicalOrOptions")
        return Case(model, inputs, [out])
    return generate


def add_n(draw):
    type = draw.choice(["float32", "int8", "int8"])
    model, inputs = Model(), {}
    shape, grid = draw.shape(), draw.grid("int8") if type == "int8" else None
    terms = [draw.perhaps_constant(inputs, model, shape, type, grid, 0) for _ in range(draw.integer(2, 5))]
    out = model.tensor(shape, type, (np.float32(grid[0] * draw.random.uniform(0.8, 4)), draw.integer(-128, 127)) if grid else None)
    model.operator("ADD_N", terms, [out], "AddNOptions")
    return Case(model, inputs, [out], 1e-5 if type == "float32" else None)


def select(draw):
    type = draw.choice(["float32", "int8", "int16"])
    model, inputs = Model(), {}
    a, b, result = draw.broadcast(4)
    shape = [extent if draw.chance() else 1 for extent in result]
    if list(np.broadcast_shapes(tuple(a), tuple(b), tuple(shape))) != result:
        raise Rejected("shapes")
    grid = draw.grid(type) if type != "float32" else None
    condition = draw.perhaps_constant(inputs, model, shape, "bool", None, 0)
    x = draw.perhaps_constant(inputs, model, a, type, grid, 0.2)
    y = draw.perhaps_constant(inputs, model, b, type, grid, 0.2)
    out = model.tensor(result, type, grid)
    model.operator("SELECT_V2", [condition, x, y], [out], "SelectV2Options")
    return Case(model, inputs, [out], 0 if type == "float32" else None)


def every_pair(name, options):
    """All 256 by 256 pairs of int8 numbers."""
    def generate(draw):
        model, inputs = Model(), {}
        grids = [draw.grid("int8") for _ in range(3)]
        if name == "MUL":
            grids[2] = (np.float32(grids[0][0] * grids[1][0] * draw.random.uniform(10, 300)), grids[2][1])
        elif name == "SQUARED_DIFFERENCE":
            grids[2] = (np.float32(max(grids[0][0], grids[1][0]) ** 2 * draw.random.uniform(1, 300)), grids[2][1])
        elif name != "DIV":
            grids[2] = (np.float32(max(grids[0][0], grids[1][0]) * draw.random.uniform(0.5, 2.5)), grids[2][1])
        numbers = np.arange(-128, 128).astype(np.int8)
        x = model.tensor([256, 1], "int8", grids[0])
        divisors = numbers[numbers != grids[1][1]] if name == "DIV" else numbers
        y = model.tensor([1, len(divisors)], "int8", grids[1])
        inputs = {x: numbers.reshape(256, 1), y: divisors.reshape(1, -1)}
        out = model.tensor([256, len(divisors)], "int8", grids[2])
        model.operator(name, [x, y], [out], options, fusedActivationFunction=0) if name != "SQUARED_DIFFERENCE" else model.operator(name, [x, y], [out], options)
        return Case(model, inputs, [out])
    return generate


def every_comparison(name):
    def generate(draw):
        model = Model()
        numbers = np.arange(-128, 128).astype(np.int8)
        first = (draw.scale(1e-3, 0.9), draw.integer(-128, 127))
        second = first if draw.chance(0.3) else (draw.scale(1e-3, 0.9), draw.integer(-128, 127))
        x, y = model.tensor([256, 1], "int8", first), model.tensor([1, 256], "int8", second)
        out = model.tensor([256, 256], "bool")
        model.operator(name, [x, y], [out], "".join(part.capitalize() for part in name.split("_")) + "Options")
        return Case(model, {x: numbers.reshape(256, 1), y: numbers.reshape(1, 256)}, [out])
    return generate


def add_n_every_pair(draw):
    model = Model()
    numbers = np.arange(-128, 128).astype(np.int8)
    grid = draw.grid("int8")
    values = [np.repeat(numbers.reshape(256, 1), 256, 1), np.repeat(numbers.reshape(1, 256), 256, 0)]
    terms = [model.tensor([256, 256], "int8", grid) for _ in values]
    out = model.tensor([256, 256], "int8", (np.float32(grid[0] * draw.random.uniform(0.8, 4)), draw.integer(-128, 127)))
    model.operator("ADD_N", terms, [out], "AddNOptions")
    return Case(model, dict(zip(terms, values)), [out])


GENERATORS = {
    "ADD": binary("ADD", "AddOptions", ["float32", "int8", "int8", "int16", "int32"]),
    "SUB": binary("SUB", "SubOptions", ["float32", "int8", "int8", "int16", "int32"]),
    "MUL": binary("MUL", "MulOptions", ["float32", "int8", "int8", "int16", "int32"]),
    "DIV": binary("DIV", "DivOptions", ["float32", "int8"]),
    "SQUARED_DIFFERENCE": binary("SQUARED_DIFFERENCE", "SquaredDifferenceOptions", ["float32", "int8", "int16", "int32"], activation=False),
    "MAXIMUM": binary("MAXIMUM", "MaximumMinimumOptions", ["float32", "int8", "int16", "int32", "int64"], activation=False),
    "MINIMUM": binary("MINIMUM", "MaximumMinimumOptions", ["float32", "int8", "int16", "int32", "int64"], activation=False),
    "FLOOR_DIV": binary("FLOOR_DIV", "FloorDivOptions", ["float32"], activation=False),
    "FLOOR_MOD": binary("FLOOR_MOD", "FloorModOptions", ["float32"], activation=False),
    "ADD_every_pair": every_pair("ADD", "AddOptions"),
    "SUB_every_pair": every_pair("SUB", "SubOptions"),
    "MUL_every_pair": every_pair("MUL", "MulOptions"),
    "DIV_every_pair": every_pair("DIV", "DivOptions"),
    "SQUARED_DIFFERENCE_every_pair": every_pair("SQUARED_DIFFERENCE", "SquaredDifferenceOptions"),
    "EQUAL": comparison("EQUAL", ["bool", "float32", "int8", "int8", "int32", "int64"]),
    "NOT_EQUAL": comparison("NOT_EQUAL", ["bool", "float32", "int8", "int8", "int32", "int64"]),
    "GREATER": comparison("GREATER", ["float32", "int8", "int8", "int32", "int64"]),
    "GREATER_EQUAL": comparison("GREATER_EQUAL", ["float32", "int8", "int8", "int32", "int64"]),
    "LESS": comparison("LESS", ["float32", "int8", "int8", "int32", "int64"]),
    "LESS_EQUAL": comparison("LESS_EQUAL", ["float32", "int8", "int8", "int32", "int64"]),
    "LOGICAL_AND": logical("LOGICAL_AND"), "LOGICAL_OR": logical("LOGICAL_OR"), "LOGICAL_NOT": logical("LOGICAL_NOT"),
    "ADD_N": add_n, "SELECT_V2": select,
}
GENERATORS["ADD_N_every_pair"] = add_n_every_pair
for operator in ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"):
    GENERATORS[operator + "_every_pair"] = every_comparison(operator)
