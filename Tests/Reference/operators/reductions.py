"""Reductions, softmax and its kin, cumulative sums, top-k, and operators that measure a tensor."""
import numpy as np

from operators.case import Case, Rejected, operator

REDUCTIONS = [
    "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
    "ReduceSum", "ReduceSumSquare",
]
NEEDS_ELEMENTS = {"ReduceMax", "ReduceMin", "ReduceMean"}


@operator(*REDUCTIONS)
def reduce(draw):
    shape = draw.shape(1, 5, empty=0 if draw.name in NEEDS_ELEMENTS else 0.05)
    low = 0.1 if draw.name == "ReduceLogSum" else -2
    kinds = "ffff" if draw.name in ("ReduceLogSum", "ReduceLogSumExp", "ReduceL2", "ReduceMean") else "ffffil"
    x = draw.values(shape, kinds, low if kinds == "ffff" else -2, 2)
    attributes = {}
    draw.attribute(attributes, "keepdims", draw.integer(0, 1))
    axes = draw.axes(len(shape)) if draw.chance(0.8) else None
    if draw.version < 11 and axes is not None:
        axes = [axis % len(shape) for axis in axes]
    as_input = draw.version >= (13 if draw.name == "ReduceSum" else 18)
    if not as_input:
        if axes is not None:
            attributes["axes"] = axes
        return Case([x], attributes)
    draw.attribute(attributes, "noop_with_empty_axes", draw.integer(0, 1), 0.3)
    if axes is None and draw.chance(0.4):
        axes = []
    return Case([x, None if axes is None else np.array(axes, np.int64)], attributes)


@operator("ArgMax", "ArgMin")
def arg_extreme(draw):
    shape = draw.shape(1, 4, empty=0)
    # Few distinct values, so that ties occur.
    x = draw.integers(shape, 0, 4).astype(np.float32) if draw.chance(0.5) else draw.values(shape, "ffi", -9, 9)
    attributes = {}
    draw.attribute(attributes, "axis", draw.axis(len(shape)) if draw.version >= 11 else draw.integer(0, len(shape) - 1))
    draw.attribute(attributes, "keepdims", draw.integer(0, 1))
    if draw.version >= 12:
        draw.attribute(attributes, "select_last_index", draw.integer(0, 1), 0.5)
    return Case([x], attributes)


@operator("Softmax", "LogSoftmax", "Hardmax")
def softmax(draw):
    shape = draw.shape(2 if draw.version < 13 else 1, 4, extent=9, empty=0)
    attributes = {}
    draw.attribute(attributes, "axis", draw.axis(len(shape)) if draw.version >= 11 else draw.integer(0, len(shape) - 1))
    return Case([draw.floats(shape, -8, 8)], attributes)


@operator("CumSum")
def cumulative_sum(draw):
    shape = draw.shape(1, 4)
    attributes = {}
    draw.attribute(attributes, "exclusive", draw.integer(0, 1))
    draw.attribute(attributes, "reverse", draw.integer(0, 1))
    axis = np.array(draw.axis(len(shape)), draw.choice([np.int32, np.int64]))
    return Case([draw.values(shape, "ffil"), axis], attributes)


@operator("TopK")
def top_k(draw):
    shape = draw.shape(1, 4, extent=8, empty=0)
    axis = draw.axis(len(shape)) if draw.version >= 11 else draw.integer(0, len(shape) - 1)
    k = np.array([draw.integer(1, shape[axis])], np.int64)
    # All distinct: the order of equal values is not specified before sorting.
    count = int(np.prod(shape))
    x = draw.random.permutation(count).reshape(shape)
    attributes = {"axis": axis} if axis != -1 or draw.chance(0.5) else {}
    if draw.version >= 11:
        draw.attribute(attributes, "largest", draw.integer(0, 1))
        x = x.astype(draw.choice([np.float32, np.int64]))
    return Case([x.astype(np.float32) if draw.version < 11 else x, k], attributes, outputs=2)


@operator("Size")
def size(draw):
    return Case([draw.values(draw.shape(0, 5), "filb")])


@operator("Shape")
def shape_of(draw):
    shape = draw.shape(0, 5)
    attributes = {}
    if draw.version >= 15:
        draw.attribute(attributes, "start", draw.integer(-len(shape) - 1, len(shape) + 1), 0.5)
        draw.attribute(attributes, "end", draw.integer(-len(shape) - 1, len(shape) + 1), 0.5)
    return Case([draw.values(shape, "filb")], attributes)


@operator("LpNormalization")
def lp_normalization(draw):
    shape = draw.shape(1, 4, empty=0)
    attributes = {}
    draw.attribute(attributes, "axis", draw.axis(len(shape)))
    draw.attribute(attributes, "p", draw.integer(1, 2))
    x = draw.floats(shape)
    if np.abs(x).min() == 0:
        raise Rejected("a zero norm")
    return Case([x], attributes)
