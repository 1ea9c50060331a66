"""Operators that move, repeat, cut or make elements without computing with them."""
import numpy as np
from onnx import helper, numpy_helper

from operators.case import Case, operator


@operator("Concat")
def concat(draw):
    shape = draw.shape(1, 5)
    axis = draw.axis(len(shape)) if draw.version >= 11 else draw.integer(0, len(shape) - 1)
    kind = draw.choice("fffilb")
    parts = []
    for _ in range(draw.integer(1, 4)):
        extents = list(shape)
        extents[axis] = draw.integer(0 if draw.chance(0.1) else 1, 5)
        parts.append(draw.values(extents, kind))
    return Case(parts, {"axis": axis})


@operator("Constant")
def constant(draw):
    value = draw.values(draw.shape(0, 4), "filbus")
    forms = ["value"]
    if draw.version >= 12:
        forms += ["value_float", "value_int", "value_floats", "value_ints"]
    form = draw.choice(forms)
    content = {
        "value": numpy_helper.from_array(value, "value"),
        "value_float": draw.number(-3, 3), "value_int": draw.integer(-9, 9),
        "value_floats": [draw.number(-3, 3) for _ in range(draw.integer(1, 5))],
        "value_ints": [draw.integer(-9, 9) for _ in range(draw.integer(1, 5))],
    }[form]
    # A second node reads it, so that the model is not a constant alone.
    follow = draw.choice(["Identity", "Shape"])
    return Case([draw.floats([2])], nodes=[
        ("Constant", [], ["c"], {form: content}), (follow, ["c"], ["y0"], {}), ("Relu", ["x0"], ["y1"], {}),
    ], outputs=2)


@operator("ConstantOfShape")
def constant_of_shape(draw):
    shape = np.array(draw.shape(0, 4), np.int64)
    attributes = {}
    if draw.chance(0.8):
        attributes["value"] = numpy_helper.from_array(draw.values([1], "filb"), "value")
    return Case([shape], attributes, constant=(0,) if draw.chance(0.4) else ())


@operator("DepthToSpace")
def depth_to_space(draw):
    block = draw.integer(1, 3)
    shape = [draw.integer(1, 3), block * block * draw.integer(1, 3), draw.integer(1, 5), draw.integer(1, 5)]
    attributes = {"blocksize": block}
    if draw.version >= 11:
        draw.attribute(attributes, "mode", draw.choice(["DCR", "CRD"]))
    return Case([draw.floats(shape)], attributes)


@operator("SpaceToDepth")
def space_to_depth(draw):
    block = draw.integer(1, 3)
    shape = [draw.integer(1, 3), draw.integer(1, 4), block * draw.integer(1, 4), block * draw.integer(1, 4)]
    return Case([draw.floats(shape)], {"blocksize": block})


@operator("Expand")
def expand(draw):
    wanted = draw.shape(1, 5)
    return Case([draw.values(draw.broadcast(wanted), "ffilb"), np.array(wanted, np.int64)])


@operator("Flatten")
def flatten(draw):
    shape = draw.shape(1, 5)
    attributes = {}
    low = -len(shape) if draw.version >= 11 else 0
    draw.attribute(attributes, "axis", draw.integer(low, len(shape)))
    return Case([draw.floats(shape)], attributes)


@operator("Reshape")
def reshape(draw):
    shape = draw.shape(1, 5, empty=0)
    extents, rest = [], int(np.prod(shape))
    for _ in range(draw.integer(0, 3)):
        divisors = [d for d in range(1, rest + 1) if rest % d == 0]
        extents.append(draw.choice(divisors))
        rest //= extents[-1]
    extents.append(rest)
    wanted = [extents[index] for index in draw.random.permutation(len(extents))]
    for index in range(min(len(shape), len(wanted))):
        if wanted[index] == shape[index] and draw.chance(0.4):
            wanted[index] = 0
    if draw.chance(0.5):
        wanted[draw.integer(0, len(wanted) - 1)] = -1
    return Case([draw.values(shape, "fffil"), np.array(wanted, np.int64)])


@operator("Slice")
def slice_(draw):
    shape = draw.shape(1, 5, extent=9)
    axes = draw.axes(len(shape))
    if draw.version < 10:
        axes = [axis % len(shape) for axis in axes]
    starts, ends, steps = [], [], []
    for axis in axes:
        extent = shape[axis]
        backwards = draw.version >= 10 and draw.chance(0.3)
        steps.append((-1 if backwards else 1) * draw.integer(1, 3))
        start, end = sorted([draw.integer(0, extent), draw.integer(0, extent)])
        if backwards:
            start, end = end, start
        if draw.chance(0.2):
            start -= extent + (1 if backwards else 0)
        if draw.chance(0.2):
            end = -(2**40) if backwards else 2**40  # as far as it goes
        starts.append(start)
        ends.append(end)
    x = draw.values(shape, "fffilb")
    if draw.version < 10:
        attributes = {"starts": starts, "ends": [min(end, 2**31) for end in ends]}
        if axes != list(range(len(axes))) or draw.chance(0.5):
            attributes["axes"] = axes
        return Case([x], attributes)
    dtype = np.int64
    given = [np.array(values, dtype) for values in (starts, ends, axes, steps)]
    if all(step == 1 for step in steps) and draw.chance(0.5):
        given[3] = None
    if axes == list(range(len(axes))) and draw.chance(0.5):
        given[2] = None
    return Case([x, *given])


@operator("Split")
def split(draw):
    shape = draw.shape(1, 4, extent=8, empty=0)
    axis = draw.axis(len(shape)) if draw.version >= 11 else draw.integer(0, len(shape) - 1)
    count = draw.integer(1, 4)
    sizes = [draw.integer(1, 4) for _ in range(count)]
    attributes = {} if axis == 0 and draw.chance(0.5) else {"axis": axis}
    equal = draw.chance(0.4)
    if equal and draw.version < 18:
        sizes = [sizes[0]] * count
    shape[axis] = sum(sizes)
    if equal and draw.version >= 18:
        attributes["num_outputs"] = count
        shape[axis] = draw.integer(1, 4) * count - (draw.integer(0, 1) if count == 2 else 0)
        if shape[axis] < count:
            shape[axis] = count
    x = draw.values(shape, "fffil")
    if equal:
        return Case([x], attributes, outputs=count)
    if draw.version < 13:
        return Case([x], {**attributes, "split": sizes}, outputs=count)
    return Case([x, np.array(sizes, np.int64)], attributes, outputs=count)


@operator("Squeeze")
def squeeze(draw):
    shape = draw.shape(2, 5)
    ones = sorted({draw.integer(0, len(shape) - 1) for _ in range(2)})
    for axis in ones:
        shape[axis] = 1
    x = draw.values(shape, "fffilb")
    if draw.chance(0.2):
        return Case([x])
    axes = [axis - len(shape) if draw.version >= 11 and draw.chance(0.3) else axis for axis in ones]
    return Case([x], {"axes": axes}) if draw.version < 13 else Case([x, np.array(axes, np.int64)])


@operator("Unsqueeze")
def unsqueeze(draw):
    shape = draw.shape(0, 4)
    rank = len(shape) + draw.integer(1, 2)
    axes = [int(axis) for axis in draw.random.permutation(rank)[: rank - len(shape)]]
    if draw.version < 11:
        axes.sort()
    else:
        axes = [axis - rank if draw.chance(0.3) else axis for axis in axes]
    x = draw.values(shape, "fffilb")
    return Case([x], {"axes": axes}) if draw.version < 13 else Case([x, np.array(axes, np.int64)])


@operator("Tile")
def tile(draw):
    shape = draw.shape(1, 4)
    return Case([draw.values(shape, "ffil"), draw.integers([len(shape)], 0 if draw.chance(0.1) else 1, 3)])


@operator("Transpose")
def transpose(draw):
    shape = draw.shape(1, 6)
    attributes = {}
    draw.attribute(attributes, "perm", [int(axis) for axis in draw.random.permutation(len(shape))], 0.85)
    return Case([draw.values(shape, "fffilb")], attributes)


@operator("Trilu")
def trilu(draw):
    shape = draw.shape(2, 4)
    k = np.array(draw.integer(-4, 4), np.int64) if draw.chance(0.7) else None
    attributes = {}
    draw.attribute(attributes, "upper", draw.integer(0, 1))
    return Case([draw.values(shape, "ffil"), k], attributes)


@operator("Pad")
def pad(draw):
    mode = draw.choice(["constant", "constant", "reflect", "edge"] + (["wrap"] if draw.version >= 19 else []))
    shape = draw.shape(1, 5, empty=0)
    some = draw.version >= 18 and draw.chance(0.5)
    axes = draw.axes(len(shape)) if some else list(range(len(shape)))

    def amount(axis):
        if mode == "constant" and draw.version >= 13 and draw.chance(0.1):
            return -draw.integer(0, (shape[axis] - 1) // 2)
        limit = {"reflect": shape[axis] - 1, "wrap": shape[axis]}.get(mode, 3)
        return draw.integer(0, min(3, limit))

    pads = [amount(axis) for axis in axes] + [amount(axis) for axis in axes]
    attributes = {} if mode == "constant" and draw.chance(0.5) else {"mode": mode}
    if draw.version < 11:
        if mode == "constant":
            draw.attribute(attributes, "value", draw.number(-3, 3))
        return Case([draw.floats(shape)], {**attributes, "pads": pads})
    x = draw.values(shape, "fffil")
    value = draw.values([], "i", -9, 9).astype(x.dtype) if mode == "constant" and draw.chance(0.6) else None
    inputs = [x, np.array(pads, np.int64), value]
    if some:
        inputs.append(np.array(axes, np.int64))
    return Case(inputs, attributes)


@operator("EyeLike")
def eye_like(draw):
    attributes = {}
    draw.attribute(attributes, "k", draw.integer(-3, 3))
    draw.attribute(attributes, "dtype", helper.np_dtype_to_tensor_dtype(np.dtype(draw.choice([np.float32, np.int32, np.int64]))))
    return Case([draw.values(draw.shape(2, 2, empty=0), "fil")], attributes)


@operator("Range")
def range_(draw):
    dtype = draw.choice([np.float32, np.int32, np.int64])
    start, step = draw.integer(-9, 9), draw.choice([-3, -2, -1, 1, 2, 3])
    limit = start + step * draw.integer(0, 9) + draw.integer(0, 2) * (1 if step > 0 else -1)
    scale = 0.5 if dtype is np.float32 else 1
    return Case([np.array(value * scale, dtype) for value in (start, limit, step)],
                constant=(0, 1, 2) if draw.chance(0.3) else ())


@operator("ReverseSequence")
def reverse_sequence(draw):
    batch_axis = draw.integer(0, 1)
    shape = draw.shape(2, 4, empty=0)
    lengths = draw.integers([shape[batch_axis]], 1, shape[1 - batch_axis])
    attributes = {"batch_axis": batch_axis, "time_axis": 1 - batch_axis}
    if batch_axis == 1 and draw.chance(0.5):
        attributes = {}
    return Case([draw.floats(shape), lengths], attributes)
