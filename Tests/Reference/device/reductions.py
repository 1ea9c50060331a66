"""Operators that make fewer elements than they read."""
import numpy as np

from .model import Case, Model, Rejected


def reduction(name, types, same=False):
    def generate(draw):
        type = draw.choice(types)
        shape = draw.shape(1, 4, 7)
        axes = sorted(draw.random.choice(len(shape), draw.integer(1, len(shape)), replace=False).tolist())
        keep = draw.chance()
        result = [1 if axis in axes else extent for axis, extent in enumerate(shape) if keep or axis not in axes]
        values = draw.values(shape, type)
        grids = [None, None]
        if type in ("int8", "int16"):
            grids = [draw.grid(type), draw.grid(type)]
            if same:
                grids[1] = grids[0]
        model = Model()
        x = model.tensor(shape, type, grids[0])
        given = [axis - len(shape) if draw.chance(0.3) else axis for axis in axes]
        index = model.tensor([len(axes)], "int32", data=given)
        y = model.tensor(result, type, grids[1])
        model.operator(name, [x, index], [y], "ReducerOptions", keepDims=keep)
        return Case(model, {x: values}, [y], 1e-5 if type == "float32" else None)
    return generate


def argument(name):
    def generate(draw):
        type = draw.choice(["float32", "int8"])
        shape = draw.shape(1, 4)
        axis = draw.integer(0, len(shape) - 1)
        values = draw.values(shape, type)
        if type == "int8":
            values = (values // 40).astype(np.int8)
        model = Model()
        x = model.tensor(shape, type, draw.grid() if type == "int8" else None)
        index = model.tensor([1] if draw.chance() else [], "int32", data=axis - len(shape) if draw.chance(0.3) else axis)
        y = model.tensor(shape[:axis] + shape[axis + 1:], "int32")
        model.operator(name, [x, index], [y], "ArgMaxOptions" if name == "ARG_MAX" else "ArgMinOptions", outputType=2)
        return Case(model, {x: values}, [y])
    return generate


def cumulative(draw):
    type = draw.choice(["float32", "int8", "int8"])
    shape = draw.shape(1, 4, 7)
    axis = draw.integer(-len(shape), len(shape) - 1)
    grid = draw.grid() if type == "int8" else None
    model = Model()
    x = model.tensor(shape, type, grid)
    index = model.tensor([], "int32", data=axis)
    y = model.tensor(shape, type, (np.float32(grid[0] * draw.random.uniform(0.6, 5)), draw.integer(-128, 127)) if grid else None)
    model.operator("CUMSUM", [x, index], [y], "CumsumOptions", exclusive=draw.chance(), reverse=draw.chance())
    return Case(model, {x: draw.values(shape, type)}, [y], 1e-5 if type == "float32" else None)


def pool(name, types):
    def generate(draw):
        type = draw.choice(types)
        shape = [draw.integer(1, 2), draw.integer(3, 9), draw.integer(3, 9), draw.integer(1, 6)]
        kernel, stride = [draw.integer(1, 4), draw.integer(1, 4)], [draw.integer(1, 3), draw.integer(1, 3)]
        padding = draw.integer(0, 1)
        def extent(axis):
            if padding == 0:
                return -(-shape[axis + 1] // stride[axis])
            return (shape[axis + 1] - kernel[axis] + stride[axis]) // stride[axis]
        result = [shape[0], extent(0), extent(1), shape[3]]
        if min(result) < 1:
            raise Rejected("the window is larger than the image")
        grid = draw.grid(type) if type != "float32" else None
        model = Model()
        x, y = model.tensor(shape, type, grid), model.tensor(result, type, grid)
        model.operator(
            name, [x], [y], "Pool2DOptions", padding=padding, strideH=stride[0], strideW=stride[1], filterHeight=kernel[0],
            filterWidth=kernel[1], fusedActivationFunction=draw.choice([0, 0, 1, 2, 3]))
        return Case(model, {x: draw.values(shape, type)}, [y], 1e-5 if type == "float32" else None)
    return generate


GENERATORS = {
    "MEAN": reduction("MEAN", ["float32", "int8", "int8", "int16"]),
    "SUM": reduction("SUM", ["float32", "int8", "int8", "int16"]),
    "REDUCE_MAX": reduction("REDUCE_MAX", ["float32", "int8", "int8"], same=True),
    "REDUCE_MIN": reduction("REDUCE_MIN", ["float32", "int8", "int8"], same=True),
    "REDUCE_ALL": reduction("REDUCE_ALL", ["bool"]),
    "ARG_MAX": argument("ARG_MAX"), "ARG_MIN": argument("ARG_MIN"), "CUMSUM": cumulative,
    "AVERAGE_POOL_2D": pool("AVERAGE_POOL_2D", ["float32", "int8", "int8", "int16"]),
    "MAX_POOL_2D": pool("MAX_POOL_2D", ["float32", "int8", "int8", "int16"]),
    "L2_POOL_2D": pool("L2_POOL_2D", ["float32"]),
}
