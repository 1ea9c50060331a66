"""Operators that move elements."""
import numpy as np

from .model import Case, Model, Rejected


def grid_of(draw, type):
    return draw.grid(type) if type in ("int8", "int16") else None


def moved(name, options, types, arrange):
    """`arrange(draw, model, shape, type)` gives (shape of the operand, other operands, shape of the result, option fields)."""
    def generate(draw):
        type = draw.choice(types)
        grid = grid_of(draw, type)
        model = Model()
        x = model.tensor([1], type, grid)
        shape, others, result, fields = arrange(draw, model, type, grid)
        if min(list(shape) + list(result) + [1]) < 1:
            raise Rejected("empty")
        model.graph.tensors[x].shape = list(shape)
        y = model.tensor(result, type, grid)
        model.operator(name, [x] + others, [y], options, **fields)
        return Case(model, {x: draw.values(shape, type)}, [y], 0 if type == "float32" else None)
    return generate


def constant(model, values, shape=None):
    values = np.asarray(values, np.int32)
    return model.tensor(values.shape if shape is None else shape, "int32", data=values)


def reshape(draw, model, type, grid):
    shape = draw.shape()
    total = int(np.prod(shape))
    first = draw.choice([extent for extent in range(1, total + 1) if total % extent == 0])
    result = [first, total // first]
    return shape, [constant(model, result)], result, {"newShape": result}


def squeeze(draw, model, type, grid):
    shape = [1 if draw.chance(0.4) else extent for extent in draw.shape()]
    ones = [axis for axis, extent in enumerate(shape) if extent == 1]
    axes = [axis for axis in ones if draw.chance()]
    gone = axes or ones
    return shape, [], [extent for axis, extent in enumerate(shape) if axis not in gone], {"squeezeDims": axes}


def expand(draw, model, type, grid):
    shape = draw.shape(1, 3)
    axis = draw.integer(0, len(shape))
    return shape, [constant(model, [axis])], shape[:axis] + [1] + shape[axis:], {}


def transpose(draw, model, type, grid):
    shape = draw.shape(1, 5)
    order = draw.random.permutation(len(shape)).tolist()
    return shape, [constant(model, order)], [shape[axis] for axis in order], {}


def pad(valued):
    def arrange(draw, model, type, grid):
        shape = draw.shape(1, 4 if draw.chance(0.8) else 5)
        pads = [[draw.choice([0, 0, 1, 2]), draw.choice([0, 0, 1, 3])] for _ in shape]
        others = [constant(model, pads)]
        if valued:
            others.append(model.tensor([1], type, grid, data=draw.values([1], type)))
        return shape, others, [extent + sum(pair) for extent, pair in zip(shape, pads)], {}
    return arrange


def mirror(draw, model, type, grid):
    shape = draw.shape(1, 4)
    mode = draw.integer(0, 1)
    most = [extent - (1 if mode == 0 else 0) for extent in shape]
    pads = [[draw.integer(0, min(3, limit)), draw.integer(0, min(3, limit))] for limit in most]
    return shape, [constant(model, pads)], [extent + sum(pair) for extent, pair in zip(shape, pads)], {"mode": mode}


def slice_(draw, model, type, grid):
    shape = draw.shape(1, 5)
    begin = [draw.integer(0, extent - 1) for extent in shape]
    size = [draw.integer(1, extent - start) for extent, start in zip(shape, begin)]
    given = [-1 if start + count == extent and draw.chance() else count for extent, start, count in zip(shape, begin, size)]
    return shape, [constant(model, begin), constant(model, given)], size, {}


def strided_slice(draw, model, type, grid):
    shape = draw.shape(1, 4)
    begin, end, strides, result = [], [], [], []
    masks = [0, 0, 0]
    for axis, extent in enumerate(shape):
        step = draw.choice([1, 1, 2, 3, -1, -2])
        low, high = sorted([draw.integer(0, extent - 1), draw.integer(0, extent - 1)])
        first, last = (low, high + 1) if step > 0 else (high, low - 1)
        open_begin, open_end, shrink = draw.chance(0.2), draw.chance(0.3) or last < 0, draw.chance(0.15)
        if shrink:
            step, open_begin, open_end, last = 1, False, False, first + 1
        for bit, is_set in enumerate((open_begin, open_end, shrink)):
            masks[bit] |= is_set << axis
        picked = range(extent)[(None if open_begin else first):(None if open_end else last):step]
        if len(picked) == 0:
            raise Rejected("empty")
        begin.append(first - extent if draw.chance(0.2) else first)
        end.append(last - extent if draw.chance(0.2) and 0 <= last < extent else last)
        strides.append(step)
        if not shrink:
            result.append(len(picked))
    fields = {"beginMask": masks[0], "endMask": masks[1], "shrinkAxisMask": masks[2]}
    return shape, [constant(model, numbers) for numbers in (begin, end, strides)], result, fields


def gather(draw, model, type, grid):
    shape = draw.shape(1, 4)
    batch = draw.integer(0, len(shape) - 1) if draw.chance(0.3) else 0
    axis = draw.integer(batch, len(shape) - 1)
    indices = shape[:batch] + draw.shape(0 if batch == 0 else 1, 2, 4)
    numbers = draw.random.integers(0, shape[axis], indices)
    return shape, [constant(model, numbers)], shape[:axis] + indices[batch:] + shape[axis + 1:], {"axis": axis, "batchDims": batch}


def gather_nd(draw, model, type, grid):
    shape = draw.shape(1, 4)
    depth = draw.integer(1, len(shape))
    leading = draw.shape(1, 2, 4)
    numbers = np.stack([draw.random.integers(0, extent, leading) for extent in shape[:depth]], -1)
    return shape, [constant(model, numbers)], leading + shape[depth:], {}


def space_to_depth(draw, model, type, grid):
    block, fine = draw.integer(1, 3), [draw.integer(1, 2), draw.integer(1, 3), draw.integer(1, 3), draw.integer(1, 4)]
    return [fine[0], fine[1] * block, fine[2] * block, fine[3]], [], [fine[0], fine[1], fine[2], fine[3] * block * block], {"blockSize": block}


def depth_to_space(draw, model, type, grid):
    fine, others, coarse, fields = space_to_depth(draw, model, type, grid)
    return coarse, others, fine, fields


def batches(to_batch):
    def arrange(draw, model, type, grid):
        spatial = draw.integer(1, 2)
        blocks = [draw.integer(1, 3) for _ in range(spatial)]
        parts = [draw.integer(1, 3) for _ in range(spatial)]
        edges = [[0, 0] for _ in range(spatial)]
        whole = []
        for axis in range(spatial):
            total = parts[axis] * blocks[axis]
            # The border of SPACE_TO_BATCH_ND is whatever the interpreter finds in memory that it never set.
            first = 0 if to_batch else draw.integer(0, min(2, total - 1))
            second = 0 if to_batch else draw.integer(0, min(2, total - 1 - first))
            edges[axis] = [first, second]
            whole.append(total - first - second)
        batch, depth = draw.integer(1, 2), draw.integer(1, 3)
        image = [batch] + whole + [depth]
        packed = [batch * int(np.prod(blocks))] + parts + [depth]
        others = [constant(model, blocks), constant(model, edges)]
        return (image, others, packed, {}) if to_batch else (packed, others, image, {})
    return arrange


def resize(draw, model, type, grid):
    shape = [draw.integer(1, 2), draw.integer(1, 7), draw.integer(1, 7), draw.integer(1, 4)]
    size = [draw.integer(1, 12), draw.integer(1, 12)]
    corners = draw.chance(0.3)
    return shape, [constant(model, size)], [shape[0], *size, shape[3]], {"alignCorners": corners, "halfPixelCenters": not corners and draw.chance(0.6)}


def reverse(draw, model, type, grid):
    shape = draw.shape(1, 4)
    first = draw.integer(0, len(shape) - 1)
    axes = list(range(first, draw.integer(first, len(shape) - 1) + 1))
    return shape, [constant(model, axes)], shape, {}


def broadcast_to(draw, model, type, grid):
    result = draw.shape(1, 4)
    shape = [extent if draw.chance() else 1 for extent in result][draw.integer(0, len(result) - 1):]
    return shape, [constant(model, result)], result, {}


def joined(name):
    def generate(draw):
        type = draw.choice(["float32", "int8", "int16", "int32", "int64"])
        if name == "CONCATENATION" and draw.chance(0.1):
            type = "bool"
        grid = grid_of(draw, type)
        shape = draw.shape(1, 4)
        model, inputs, parts = Model(), {}, []
        count = draw.integer(1, 10 if name == "CONCATENATION" else 5)
        if name == "CONCATENATION":
            axis = draw.integer(0, len(shape) - 1)
            extents = [draw.integer(1, 4) for _ in range(count)]
            for extent in extents:
                parts.append(draw.perhaps_constant(inputs, model, shape[:axis] + [extent] + shape[axis + 1:], type, grid, 0.1))
            result = shape[:axis] + [sum(extents)] + shape[axis + 1:]
            fields = {"axis": axis - len(shape) if draw.chance() else axis}
        else:
            axis = draw.integer(0, len(shape))
            parts = [draw.perhaps_constant(inputs, model, shape, type, grid, 0.1) for _ in range(count)]
            result = shape[:axis] + [count] + shape[axis:]
            fields = {"axis": axis, "valuesCount": count}
        if not inputs:
            raise Rejected("nothing is left to feed")
        y = model.tensor(result, type, grid)
        model.operator(name, parts, [y], "ConcatenationOptions" if name == "CONCATENATION" else "PackOptions", **fields)
        return Case(model, inputs, [y], 0 if type == "float32" else None)
    return generate


def split(name):
    def generate(draw):
        type = draw.choice(["float32", "int8", "int16", "int32"])
        grid = grid_of(draw, type)
        shape = draw.shape(1, 4)
        axis = draw.integer(0, len(shape) - 1)
        count = draw.integer(1, 4)
        model = Model()
        if name == "UNPACK":
            shape[axis] = count
            pieces = [shape[:axis] + shape[axis + 1:]] * count
        else:
            extents = [draw.integer(1, 3)] * count if name == "SPLIT" else [draw.integer(1, 3) for _ in range(count)]
            shape[axis] = sum(extents)
            pieces = [shape[:axis] + [extent] + shape[axis + 1:] for extent in extents]
        x = model.tensor(shape, type, grid)
        outputs = []
        given = axis - len(shape) if draw.chance(0.3) and name != "UNPACK" else axis
        if name == "SPLIT":
            operands, options, fields = [model.tensor([], "int32", data=given), x], "SplitOptions", {"numSplits": count}
        elif name == "SPLIT_V":
            operands = [x, model.tensor([count], "int32", data=extents), model.tensor([], "int32", data=given)]
            options, fields = "SplitVOptions", {"numSplits": count}
        else:
            operands, options, fields = [x], "UnpackOptions", {"num": count, "axis": axis}
        outputs = [model.tensor(piece, type, grid) for piece in pieces]
        model.operator(name, operands, outputs, options, **fields)
        return Case(model, {x: draw.values(shape, type)}, outputs, 0 if type == "float32" else None)
    return generate


def embedding(draw):
    type, result = draw.choice([("float32", "float32"), ("int8", "int8"), ("int8", "float32")])
    table = draw.shape(2, 3)
    ids = draw.random.integers(0, table[0], draw.integer(1, 5)).astype(np.int32)
    model = Model()
    x = model.tensor(ids.shape, "int32")
    grid = (draw.scale(), 0) if type == "int8" else None
    w = model.tensor(table, type, grid, data=draw.values(table, type))
    y = model.tensor([len(ids)] + table[1:], result, grid if result == "int8" else None)
    model.operator("EMBEDDING_LOOKUP", [x, w], [y])
    return Case(model, {x: ids}, [y], 0 if result == "float32" else None)


def update_slice(draw):
    type = draw.choice(["float32", "int8", "int16", "int32"])
    grid = grid_of(draw, type)
    shape = draw.shape(1, 4)
    small = [draw.integer(1, extent) for extent in shape]
    model, inputs = Model(), {}
    x = draw.perhaps_constant(inputs, model, shape, type, grid, 0)
    update = draw.perhaps_constant(inputs, model, small, type, grid, 0.3)
    starts = [draw.integer(-2, extent + 1) for extent in shape]
    place = draw.perhaps_constant(inputs, model, [len(shape)], "int32", None, 0.5, np.asarray(starts, np.int32))
    y = model.tensor(shape, type, grid)
    model.operator("DYNAMIC_UPDATE_SLICE", [x, update, place], [y])
    return Case(model, inputs, [y], 0 if type == "float32" else None)


def fill(draw):
    type = draw.choice(["float32", "int8", "int32"])
    shape = draw.shape()
    model, inputs = Model(), {}
    sizes = constant(model, shape)
    value = draw.perhaps_constant(inputs, model, [], type, grid_of(draw, type), 0)
    y = model.tensor(shape, type, model and (model.graph.tensors[value].quantization and (model.graph.tensors[value].quantization.scale[0], model.graph.tensors[value].quantization.zeroPoint[0])))
    model.operator("FILL", [sizes, value], [y], "FillOptions")
    return Case(model, inputs, [y], 0 if type == "float32" else None)


def zeros(draw):
    type = draw.choice(["float32", "int8", "int32", "int64"])
    shape = draw.shape()
    grid = grid_of(draw, type)
    model = Model()
    x, y = model.tensor(shape, type, grid), None
    y = model.tensor(shape, type, grid)
    model.operator("ZEROS_LIKE", [x], [y], "ZerosLikeOptions")
    return Case(model, {x: draw.values(shape, type)}, [y], 0 if type == "float32" else None)


def shape_of(draw):
    shape = draw.shape()
    model = Model()
    x, y = model.tensor(shape, "int8", draw.grid()), model.tensor([len(shape)], "int32")
    model.operator("SHAPE", [x], [y], "ShapeOptions", outType=2)
    return Case(model, {x: draw.values(shape, "int8")}, [y])


def broadcast_args(draw):
    a, b, _ = draw.broadcast(4)
    model = Model()
    x, y = model.tensor([len(a)], "int32"), model.tensor([len(b)], "int32")
    out = model.tensor([max(len(a), len(b))], "int32")
    model.operator("BROADCAST_ARGS", [x, y], [out])
    return Case(model, {x: np.asarray(a, np.int32), y: np.asarray(b, np.int32)}, [out])


ALL = ["float32", "int8", "int16", "int32"]
GENERATORS = {
    "RESHAPE": moved("RESHAPE", "ReshapeOptions", ALL + ["int64", "bool"], reshape),
    "SQUEEZE": moved("SQUEEZE", "SqueezeOptions", ALL, squeeze),
    "EXPAND_DIMS": moved("EXPAND_DIMS", "ExpandDimsOptions", ALL[:3], expand),
    "TRANSPOSE": moved("TRANSPOSE", "TransposeOptions", ALL[:3], transpose),
    "PAD": moved("PAD", "PadOptions", ALL, pad(False)),
    "PADV2": moved("PADV2", "PadV2Options", ALL, pad(True)),
    "MIRROR_PAD": moved("MIRROR_PAD", "MirrorPadOptions", ALL[:2], mirror),
    "SLICE": moved("SLICE", "SliceOptions", ALL + ["bool"], slice_),
    "STRIDED_SLICE": moved("STRIDED_SLICE", "StridedSliceOptions", ALL + ["bool"], strided_slice),
    "GATHER": moved("GATHER", "GatherOptions", ALL[:2], gather),
    "GATHER_ND": moved("GATHER_ND", "GatherNdOptions", ALL[:2], gather_nd),
    "SPACE_TO_DEPTH": moved("SPACE_TO_DEPTH", "SpaceToDepthOptions", ALL[:2], space_to_depth),
    "DEPTH_TO_SPACE": moved("DEPTH_TO_SPACE", "DepthToSpaceOptions", ALL[:2], depth_to_space),
    "SPACE_TO_BATCH_ND": moved("SPACE_TO_BATCH_ND", "SpaceToBatchNDOptions", ALL[:2], batches(True)),
    "BATCH_TO_SPACE_ND": moved("BATCH_TO_SPACE_ND", "BatchToSpaceNDOptions", ALL[:2], batches(False)),
    "RESIZE_NEAREST_NEIGHBOR": moved("RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighborOptions", ALL[:3], resize),
    "REVERSE_V2": moved("REVERSE_V2", "ReverseV2Options", ALL, reverse),
    "BROADCAST_TO": moved("BROADCAST_TO", "BroadcastToOptions", ALL, broadcast_to),
    "CONCATENATION": joined("CONCATENATION"), "PACK": joined("PACK"),
    "SPLIT": split("SPLIT"), "SPLIT_V": split("SPLIT_V"), "UNPACK": split("UNPACK"),
    "EMBEDDING_LOOKUP": embedding, "DYNAMIC_UPDATE_SLICE": update_slice, "FILL": fill, "ZEROS_LIKE": zeros, "SHAPE": shape_of,
    "BROADCAST_ARGS": broadcast_args,
}


def resize_bilinear(draw):
    case = moved("RESIZE_BILINEAR", "ResizeBilinearOptions", ALL[:2], resize)(draw)
    if case.tolerance is not None:
        case.tolerance = 1e-5
    return case


GENERATORS["RESIZE_BILINEAR"] = resize_bilinear
