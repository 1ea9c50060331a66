"""Operators with a state; the state starts anew in every model."""
import numpy as np

from .model import Case, Model


def lstm(draw):
    type = draw.choice(["float32", "int8", "int8", "int16"])
    batch, time, inputs, units = draw.integer(1, 2), draw.integer(1, 5), draw.integer(1, 9), draw.integer(1, 7)
    major = draw.chance(0.3)
    shape = [time, batch, inputs] if major else [batch, time, inputs]
    model = Model()
    if type == "float32":
        x_grid = h_grid = c_grid = None
    else:
        x_grid = draw.grid(type, *((0.005, 0.03) if type == "int8" else (3e-5, 1e-4)))
        h_grid = (draw.scale(0.004, 0.01), draw.integer(-20, 20)) if type == "int8" else (draw.choice([2.0**-15, 3.1e-5]), 0)
        c_grid = (2.0 ** -draw.integer(9, 14), 0)
    x = model.tensor(shape, type, x_grid)
    def weight(rows, columns):
        if type == "float32":
            return model.tensor([rows, columns], type, data=draw.values([rows, columns], type) / np.float32(3)), None
        scale = draw.scale(0.003, 0.01)
        return model.tensor([rows, columns], "int8", (scale, 0), data=np.maximum(draw.values([rows, columns], "int8"), -127)), scale
    from_input = [weight(units, inputs) for _ in range(4)]
    from_state = [weight(units, units) for _ in range(4)]
    biases = []
    for _, scale in from_input:
        if type == "float32":
            biases.append(model.tensor([units], type, data=draw.values([units], type)))
        else:
            biases.append(model.tensor(
                [units], "int32" if type == "int8" else "int64", (np.float32(scale * x_grid[0]), 0), data=draw.random.integers(-1500, 1500, units)))
    hidden = model.tensor([batch, units], type, h_grid, variable=True)
    cell = model.tensor([batch, units], "float32" if type == "float32" else "int16", c_grid, variable=True)
    operands = [x] + [w for w, _ in from_input] + [w for w, _ in from_state] + [-1] * 3 + biases + [-1, -1, hidden, cell] + [-1] * 4
    y = model.tensor(shape[:2] + [units], type, h_grid)
    model.operator(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", operands, [y], "UnidirectionalSequenceLSTMOptions", fusedActivationFunction=4,
        cellClip=draw.choice([0.0, 0.0, 0.5, 3.0]), timeMajor=major)
    return Case(model, {x: draw.values(shape, type)}, [y], 1e-5 if type == "float32" else None)


def svdf(draw):
    type = draw.choice(["float32", "int8", "int8", "int8"])
    state_type = type if type == "float32" else draw.choice(["int16", "int16", "int8"])
    batch, inputs, units, rank, depth = draw.integer(1, 3), draw.integer(1, 12), draw.integer(1, 6), draw.choice([1, 1, 2]), draw.integer(1, 8)
    filters = units * rank
    model = Model()
    if type == "float32":
        grids = [None] * 5
    else:
        x, feature, time = draw.grid("int8", 0.01, 0.1), (draw.scale(0.003, 0.02), 0), (draw.scale(1e-4, 1e-3), 0)
        state = (draw.scale(1e-4, 1e-2), 0) if state_type == "int16" else draw.grid("int8", 0.02, 0.3)
        grids = [x, feature, time, state, draw.grid("int8", 0.01, 1)]
    x = model.tensor([batch, inputs], type, grids[0])
    features = model.tensor([filters, inputs], type, grids[1], data=draw.values([filters, inputs], type))
    times = model.tensor([filters, depth], state_type, grids[2], data=draw.values([filters, depth], state_type))
    if draw.chance():
        bias = -1
    elif type == "float32":
        bias = model.tensor([units], type, data=draw.values([units], type))
    else:
        bias = model.tensor([units], "int32", (np.float32(grids[3][0] * grids[2][0]), 0), data=draw.random.integers(-2000, 2000, units))
    state = model.tensor([batch, filters * depth], state_type, grids[3], variable=True)
    y = model.tensor([batch, units], type, grids[4])
    model.operator(
        "SVDF", [x, features, times, bias, state], [y], "SVDFOptions", rank=rank,
        fusedActivationFunction=draw.choice([0, 1]) if type == "float32" else draw.choice([0, 1]))
    return Case(model, {x: draw.values([batch, inputs], type)}, [y], 1e-4 if type == "float32" else None)


GENERATORS = {"UNIDIRECTIONAL_SEQUENCE_LSTM": lstm, "SVDF": svdf}
