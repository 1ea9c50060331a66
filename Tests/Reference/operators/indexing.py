"""Gathering, scattering and one-hot."""
import numpy as np

from operators.case import Case, operator


def indices(draw, shape, extent, negative):
    """Indices into an axis of `extent` elements."""
    return draw.integers(shape, -extent if negative else 0, extent - 1, draw.choice([np.int32, np.int64]))


@operator("Gather")
def gather(draw):
    shape = draw.shape(1, 4, empty=0)
    axis = draw.axis(len(shape))
    chosen = indices(draw, draw.shape(0, 3), shape[axis], draw.version >= 11 and draw.chance(0.5))
    return Case([draw.values(shape, "fffilb"), chosen], {} if axis == 0 and draw.chance(0.5) else {"axis": axis})


@operator("GatherElements")
def gather_elements(draw):
    shape = draw.shape(1, 4, empty=0)
    axis = draw.axis(len(shape))
    chosen = [extent if draw.chance(0.5) else draw.integer(1, extent) for extent in shape]
    chosen[axis] = draw.integer(1, 6)
    return Case([draw.values(shape, "fffil"), indices(draw, chosen, shape[axis], draw.chance(0.5))], {"axis": axis})


def tuples(draw, shape, depth, leading, unique=False):
    """int64 index tuples [*leading, depth] into the axes of `shape`."""
    columns = [draw.integers(leading, -extent if draw.chance(0.3) and not unique else 0, extent - 1) for extent in shape[:depth]]
    return np.stack(columns, axis=-1)


@operator("GatherND")
def gather_nd(draw):
    shape = draw.shape(1, 4, empty=0)
    batch = draw.integer(0, min(1, len(shape) - 1)) if draw.version >= 12 else 0
    depth = draw.integer(1, len(shape) - batch)
    leading = shape[:batch] + draw.shape(0 if batch else 1, 2, empty=0)
    chosen = tuples(draw, shape[batch:], depth, leading)
    attributes = {"batch_dims": batch} if batch or (draw.version >= 12 and draw.chance(0.3)) else {}
    return Case([draw.values(shape, "fffil"), chosen], attributes)


def scatter_reduction(draw, attributes):
    """Draws a reduction that the version has; True when the indices must not repeat."""
    kinds = ["none"] if draw.version < 16 else ["none", "add", "mul"] + (["max", "min"] if draw.version >= 18 else [])
    kind = draw.choice(kinds)
    if kind != "none" or (draw.version >= 16 and draw.chance(0.3)):
        attributes["reduction"] = kind
    return kind == "none"


@operator("Scatter", "ScatterElements")
def scatter_elements(draw):
    shape = draw.shape(1, 4, empty=0)
    axis = draw.integer(0, len(shape) - 1)
    attributes = {} if axis == 0 and draw.chance(0.5) else {"axis": axis - len(shape) if draw.chance(0.3) else axis}
    if draw.name == "Scatter":
        attributes["axis"] = axis
    unique = scatter_reduction(draw, attributes) if draw.name == "ScatterElements" else True
    chosen = [extent if draw.chance(0.5) else draw.integer(1, extent) for extent in shape]
    if unique:
        # A different permutation of the axis for every line: no element is written twice.
        order = np.argsort(draw.random.random(chosen[:axis] + [shape[axis]] + chosen[axis + 1:]), axis=axis)
        picked = np.take(order, range(chosen[axis]), axis=axis)
        picked = picked.astype(draw.choice([np.int32, np.int64]))
    else:
        picked = indices(draw, chosen, shape[axis], draw.chance(0.5))
    kind = draw.choice("fffil")
    return Case([draw.values(shape, kind), picked, draw.values(picked.shape, kind)], attributes)


@operator("ScatterND")
def scatter_nd(draw):
    shape = draw.shape(1, 4, empty=0)
    depth = draw.integer(1, len(shape))
    attributes = {}
    unique = scatter_reduction(draw, attributes)
    places = int(np.prod(shape[:depth]))
    count = draw.integer(1, places if unique else 6)
    if unique:
        flat = draw.random.permutation(places)[:count]
        picked = np.stack(np.unravel_index(flat, shape[:depth]), axis=-1).astype(np.int64)
    else:
        picked = tuples(draw, shape, depth, [count])
    kind = draw.choice("fffil")
    return Case([draw.values(shape, kind), picked, draw.values([count] + shape[depth:], kind)], attributes)


@operator("OneHot")
def one_hot(draw):
    depth = draw.integer(1, 7)
    shape = draw.shape(1, 3)
    chosen = draw.integers(shape, -depth, depth - 1, draw.choice([np.int32, np.int64])) if draw.version >= 11 else draw.integers(shape, 0, depth - 1)
    attributes = {}
    draw.attribute(attributes, "axis", draw.integer(-1, len(shape)))
    values = draw.values([2], "fil")
    number = np.array(depth, np.int64).reshape(draw.choice([(), (1,)]))
    return Case([chosen, number, values], attributes)
