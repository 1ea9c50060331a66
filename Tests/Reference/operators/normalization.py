"""Batch, instance, layer, group, RMS, local response and mean-variance normalization."""
import numpy as np

from operators.case import Case, operator


def image(draw, low=1, channels=18):
    """A shape of samples, channels and low to 3 spatial axes."""
    return [draw.integer(1, 3), draw.integer(1, channels)] + [draw.integer(1, 6) for _ in range(draw.integer(low, 3))]


@operator("BatchNormalization")
def batch_normalization(draw):
    shape = image(draw, low=0)
    channels = [shape[1]]
    attributes = {}
    draw.attribute(attributes, "epsilon", draw.number(1e-5, 1e-2))
    draw.attribute(attributes, "momentum", draw.number(0.5, 0.99), 0.3)
    parameters = [draw.floats(channels, 0.5, 2), draw.normal(channels), draw.normal(channels), draw.floats(channels, 0.2, 2)]
    return Case([draw.normal(shape), *parameters], attributes, constant=(1, 2, 3, 4) if draw.chance(0.7) else ())


@operator("InstanceNormalization")
def instance_normalization(draw):
    shape = image(draw)
    shape[-1] += 2  # more than one element to normalize
    attributes = {}
    draw.attribute(attributes, "epsilon", draw.number(1e-4, 1e-2))
    return Case([draw.normal(shape), draw.normal([shape[1]]), draw.normal([shape[1]])], attributes)


@operator("LayerNormalization", "RMSNormalization")
def layer_normalization(draw):
    shape = draw.shape(1, 4, empty=0)
    shape[-1] += 2
    axis = draw.integer(-len(shape), len(shape) - 1)
    normalized = shape[axis:] if axis < 0 else shape[axis:]
    attributes = {} if axis == -1 and draw.chance(0.7) else {"axis": axis}
    draw.attribute(attributes, "epsilon", draw.number(1e-4, 1e-2))
    scale = draw.normal(normalized)
    if draw.name == "RMSNormalization":
        return Case([draw.normal(shape), scale], attributes)
    bias = draw.normal(normalized) if draw.chance(0.7) else None
    return Case([draw.normal(shape), scale, bias], attributes, outputs=1)


@operator("GroupNormalization")
def group_normalization(draw):
    groups = draw.integer(1, 4)
    shape = image(draw)
    shape[1] = groups * draw.integer(1, 4)
    shape[-1] += 2
    attributes = {"num_groups": groups}
    draw.attribute(attributes, "epsilon", draw.number(1e-4, 1e-2))
    parameters = [groups if draw.version < 21 else shape[1]]
    return Case([draw.normal(shape), draw.normal(parameters), draw.normal(parameters)], attributes, type=np.float32)


@operator("LRN")
def local_response(draw):
    attributes = {"size": draw.choice([1, 3, 5])}
    draw.attribute(attributes, "alpha", draw.number(1e-4, 0.5))
    draw.attribute(attributes, "beta", draw.number(0.3, 1))
    draw.attribute(attributes, "bias", draw.number(0.5, 2))
    shape = [draw.integer(1, 3), draw.integer(1, 12), draw.integer(1, 6), draw.integer(1, 6)]
    return Case([draw.normal(shape)], attributes)


@operator("MeanVarianceNormalization")
def mean_variance(draw):
    shape = [draw.integer(2, 3), draw.integer(1, 6), draw.integer(2, 6), draw.integer(2, 6)]
    attributes = {}
    if draw.chance(0.6):
        attributes["axes"] = draw.choice([[0, 2, 3], [2, 3], [0, 1, 2, 3], [1, 2, 3]])
    return Case([draw.normal(shape)], attributes)
