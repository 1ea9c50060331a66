"""Convolutions, fully connected layers and matrix products."""
import numpy as np

from .model import Case, Model, Rejected

SAME = 0


def window(draw, extent, kernel, stride, dilation, padding):
    reach = (kernel - 1) * dilation + 1
    return -(-extent // stride) if padding == SAME else (extent - reach + stride) // stride


def weights(draw, model, shape, type, channels, axis, per_channel):
    """A weight tensor, its scales, and how large its products get."""
    base = {"int8": 0.006, "int4": 0.1}.get(type)
    if type == "float32":
        return model.tensor(shape, type, data=draw.values(shape, type)), None
    scales = (draw.random.uniform(0.2, 2, channels) * base).astype(np.float32) if per_channel else np.float32(base * draw.random.uniform(0.5, 2))
    values = draw.values(shape, type)
    if type == "int8" and draw.chance(0.7):
        values = np.maximum(values, -127).astype(np.int8)
    return model.tensor(shape, type, (scales, 0), data=values, axis=axis), scales


def bias(draw, model, channels, type, scales, x_scale):
    if type is None:
        return []
    if type == "float32":
        return [model.tensor([channels], type, data=draw.values([channels], type))]
    values = draw.random.integers(-3000, 3001, channels)
    return [model.tensor([channels], type, ((scales * x_scale).astype(np.float32), 0), data=values)]


def kinds(draw, int4=True, wide_with_int32=True):
    """(data, weights, bias) types."""
    options = [("float32", "float32", "float32"), ("int8", "int8", "int32"), ("int8", "int8", "int32"), ("int16", "int8", "int64")]
    if int4:
        options.append(("int8", "int4", "int32"))
    if wide_with_int32:
        options.append(("int16", "int8", "int32"))
    data, weight, third = draw.choice(options)
    return data, weight, third if draw.chance(0.8) else None


def grids(draw, data, scales, fan):
    """Scales of data and result under which results fill their range."""
    if data == "float32":
        return None, None
    x = draw.grid(data, *((0.01, 0.1) if data == "int8" else (5e-5, 5e-4)))
    spread = float(x[0]) * float(np.mean(scales)) * 127 * np.sqrt(fan) * (255 if data == "int8" else 65535) / (300 if data == "int8" else 80000)
    return x, (np.float32(spread * draw.random.uniform(0.3, 3)), draw.integer(-128, 127) if data == "int8" else 0)


def convolution(depthwise):
    def generate(draw):
        data, weight, third = kinds(draw, wide_with_int32=not depthwise)
        kernel = [draw.integer(1, 4), draw.integer(1, 4)] if draw.chance(0.7) else [1, 1]
        stride, dilation = [draw.integer(1, 3), draw.integer(1, 3)], [draw.choice([1, 1, 1, 2, 3]) for _ in range(2)]
        padding = draw.integer(0, 1)
        channels = draw.choice([1, 2, 3, 4, 7, 8, 16, 33])
        groups = 1 if depthwise else draw.choice([group for group in (1, 1, 2, 3, 4) if channels % group == 0])
        multiplier = draw.choice([1, 1, 2, 3])
        filters = channels * multiplier if depthwise else groups * draw.integer(1, 9)
        shape = [draw.choice([1, 1, 2]), draw.integer(1, 10), draw.integer(1, 10), channels]
        result = [shape[0]] + [window(draw, shape[axis + 1], kernel[axis], stride[axis], dilation[axis], padding) for axis in range(2)] + [filters]
        if min(result) < 1:
            raise Rejected("the filter is larger than the image")
        model = Model()
        x = model.tensor(shape, data)
        depth = 1 if depthwise else channels // groups
        w_shape = [1, *kernel, filters] if depthwise else [filters, *kernel, depth]
        w, scales = weights(draw, model, w_shape, weight, filters, 3 if depthwise else 0, draw.chance(0.7))
        x_grid, y_grid = grids(draw, data, scales, kernel[0] * kernel[1] * depth)
        if x_grid:
            replace_grid(model, x, x_grid)
        operands = [x, w] + bias(draw, model, filters, third, scales, x_grid and x_grid[0])
        y = model.tensor(result, data, y_grid)
        fields = dict(
            padding=padding, strideH=stride[0], strideW=stride[1], dilationHFactor=dilation[0], dilationWFactor=dilation[1],
            fusedActivationFunction=draw.choice([0, 0, 1, 2, 3]))
        if depthwise:
            model.operator("DEPTHWISE_CONV_2D", operands, [y], "DepthwiseConv2DOptions", depthMultiplier=multiplier, **fields)
        else:
            if third is None and data == "int16" and draw.chance():
                fields["quantizedBiasType"] = 2  # int32 sums
            model.operator("CONV_2D", operands, [y], "Conv2DOptions", **fields)
        return Case(model, {x: draw.values(shape, data)}, [y], 1e-4 if data == "float32" else None)
    return generate


def replace_grid(model, index, grid):
    """Gives a tensor its scale once its weights are known."""
    other = model.graph.tensors[model.tensor([1], "int8", grid)]
    model.graph.tensors[index].quantization = other.quantization
    model.graph.tensors.pop()


def fully_connected(draw):
    data, weight, third = kinds(draw)
    depth, filters = draw.choice([1, 3, 16, 33, 64, 130]), draw.choice([1, 2, 5, 16, 33])
    leading = draw.shape(1, 3, 4)
    model = Model()
    x = model.tensor(leading + [depth], data)
    per_channel = weight == "int8" and draw.chance(0.4) and filters > 1
    w, scales = weights(draw, model, [filters, depth], weight, filters, 0, per_channel)
    x_grid, y_grid = grids(draw, data, scales, depth)
    if x_grid:
        replace_grid(model, x, x_grid)
    if not per_channel and weight == "int8" and draw.chance(0.3):
        # A zero point of the weights counts in this operator.
        replace_grid(model, w, (scales, draw.integer(-20, 20)))
    if third is None and data != "float32":
        third = None
    operands = [x, w] + (bias(draw, model, filters, third, scales, x_grid and x_grid[0]) or ([-1] if draw.chance() else []))
    y = model.tensor(leading + [filters], data, y_grid)
    fields = {"fusedActivationFunction": draw.choice([0, 0, 1, 2, 3]), "keepNumDims": draw.chance()}
    if third is None and data == "int16" and draw.chance():
        fields["quantizedBiasType"] = 2
    model.operator("FULLY_CONNECTED", operands, [y], "FullyConnectedOptions", **fields)
    return Case(model, {x: draw.values(leading + [depth], data)}, [y], 1e-4 if data == "float32" else None)


def transposed(draw):
    data, weight, third = kinds(draw, int4=False, wide_with_int32=False)
    kernel, stride = [draw.integer(1, 4), draw.integer(1, 4)], [draw.integer(1, 3), draw.integer(1, 3)]
    padding = draw.integer(0, 1)
    channels, filters = draw.choice([1, 3, 4, 8]), draw.choice([1, 2, 5])
    shape = [draw.choice([1, 1, 2]), draw.integer(1, 6), draw.integer(1, 6), channels]
    if padding == SAME:
        result = [shape[0], shape[1] * stride[0], shape[2] * stride[1], filters]
    else:
        result = [shape[0]] + [(shape[axis + 1] - 1) * stride[axis] + kernel[axis] for axis in range(2)] + [filters]
    model = Model()
    size = model.tensor([4], "int32", data=result)
    w, scales = weights(draw, model, [filters, *kernel, channels], weight, filters, 0, draw.chance(0.7))
    x_grid, y_grid = grids(draw, data, scales, kernel[0] * kernel[1] * channels)
    x = model.tensor(shape, data, x_grid)
    operands = [size, w, x] + bias(draw, model, filters, third, scales, x_grid and x_grid[0])
    y = model.tensor(result, data, y_grid)
    model.operator(
        "TRANSPOSE_CONV", operands, [y], "TransposeConvOptions", padding=padding, strideH=stride[0], strideW=stride[1],
        fusedActivationFunction=draw.choice([0, 0, 0, 1, 3]))
    return Case(model, {x: draw.values(shape, data)}, [y], 1e-4 if data == "float32" else None)


def batch_matmul(draw):
    type = draw.choice(["float32", "int8", "int8", "int16"])
    rows, inner, columns = draw.integer(1, 6), draw.choice([1, 4, 17, 64, 258, 300]), draw.integer(1, 6)
    leading = draw.shape(0, 2, 3)
    def lead():
        return [extent if draw.chance(0.75) else 1 for extent in leading]
    first, second = lead(), lead()
    leading = list(np.broadcast_shapes(tuple(first), tuple(second)))
    adjoint_x, adjoint_y = draw.chance(0.3), draw.chance(0.4)
    a = first + ([inner, rows] if adjoint_x else [rows, inner])
    b = second + ([columns, inner] if adjoint_y else [inner, columns])
    model, inputs = Model(), {}
    grid = [None] * 3
    if type != "float32":
        grid = [draw.grid(type), draw.grid(type), None]
        spread = float(grid[0][0]) * float(grid[1][0]) * np.sqrt(inner) * (60 if type == "int8" else 15000)
        grid[2] = (np.float32(spread * draw.random.uniform(0.5, 3)), draw.integer(-128, 127) if type == "int8" else 0)
    x = draw.perhaps_constant(inputs, model, a, type, grid[0], 0)
    y = draw.perhaps_constant(inputs, model, b, type, grid[1], 0.4)
    out = model.tensor(leading + [rows, columns], type, grid[2])
    model.operator("BATCH_MATMUL", [x, y], [out], "BatchMatMulOptions", adjX=adjoint_x, adjY=adjoint_y)
    return Case(model, inputs, [out], 1e-4 if type == "float32" else None)


GENERATORS = {
    "CONV_2D": convolution(False), "DEPTHWISE_CONV_2D": convolution(True), "FULLY_CONNECTED": fully_connected,
    "TRANSPOSE_CONV": transposed, "BATCH_MATMUL": batch_matmul,
}
