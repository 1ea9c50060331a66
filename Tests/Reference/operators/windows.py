"""Convolutions and pooling, in one to three dimensions."""
import numpy as np

from operators.case import Case, Rejected, operator


def window(draw, dimensions, largest=3):
    """Kernel, strides and dilations, and the extents they need."""
    kernel = [draw.integer(1, largest) for _ in range(dimensions)]
    strides = [draw.integer(1, 3) for _ in range(dimensions)]
    dilations = [draw.integer(1, 2) if draw.chance(0.4) else 1 for _ in range(dimensions)]
    return kernel, strides, dilations


def spatial(draw, kernel, dilations):
    """Input extents that hold at least one window without padding."""
    largest = {1: 20, 2: 10, 3: 6}[len(kernel)]
    return [draw.integer((k - 1) * d + 1, max(largest, (k - 1) * d + 1)) for k, d in zip(kernel, dilations)]


def padding(draw, attributes, kernel, dilations):
    """Sets pads or auto_pad, or neither."""
    style = draw.choice(["none", "pads", "pads", "auto"])
    if style == "auto":
        attributes["auto_pad"] = draw.choice(["SAME_UPPER", "SAME_LOWER", "VALID"])
    elif style == "pads":
        attributes["pads"] = [draw.integer(0, (k - 1) * d) for k, d in list(zip(kernel, dilations)) * 2]


def groups_and_channels(draw):
    """(groups, input channels per group, output channels per group): plain, grouped or depthwise."""
    style = draw.choice(["plain", "plain", "grouped", "depthwise"])
    if style == "plain":
        return 1, draw.integer(1, 20), draw.integer(1, 20)
    if style == "grouped":
        return draw.integer(2, 3), draw.integer(1, 4), draw.integer(1, 4)
    return draw.integer(2, 20), 1, draw.choice([1, 1, 2])


@operator("Conv")
def convolution(draw):
    dimensions = draw.choice([1, 2, 2, 2, 3])
    kernel, strides, dilations = window(draw, dimensions)
    groups, inputs, outputs = groups_and_channels(draw)
    attributes = {}
    draw.attribute(attributes, "kernel_shape", kernel)
    if any(stride > 1 for stride in strides):
        attributes["strides"] = strides
    if any(dilation > 1 for dilation in dilations):
        attributes["dilations"] = dilations
    if groups > 1 or draw.chance(0.3):
        attributes["group"] = groups
    padding(draw, attributes, kernel, dilations)
    x = draw.normal([draw.integer(1, 3), groups * inputs, *spatial(draw, kernel, dilations)])
    weights = draw.normal([groups * outputs, inputs, *kernel], 0.3)
    bias = draw.normal([groups * outputs]) if draw.chance(0.7) else None
    return Case([x, weights, bias], attributes, constant=(1, 2) if draw.chance(0.6) else ())


@operator("ConvTranspose")
def transposed_convolution(draw):
    dimensions = draw.choice([1, 2, 2, 2, 3])
    kernel, strides, dilations = window(draw, dimensions)
    groups, inputs, outputs = groups_and_channels(draw)
    attributes = {"strides": strides}
    draw.attribute(attributes, "kernel_shape", kernel)
    if any(dilation > 1 for dilation in dilations):
        attributes["dilations"] = dilations
    if groups > 1:
        attributes["group"] = groups
    extents = [draw.integer(1, 5) for _ in range(dimensions)]
    if draw.chance(0.4):
        attributes["output_padding"] = [draw.integer(0, max(s, d) - 1) for s, d in zip(strides, dilations)]
    style = draw.choice(["none", "pads", "pads", "auto", "shape"])
    if style == "pads":
        attributes["pads"] = [draw.integer(0, (k - 1) * d // 2) for k, d in list(zip(kernel, dilations)) * 2]
    elif style == "auto":
        attributes["auto_pad"] = draw.choice(["SAME_UPPER", "SAME_LOWER", "VALID"])
    elif style == "shape":
        attributes.pop("output_padding", None)
        attributes["output_shape"] = [
            max(1, (e - 1) * s + (k - 1) * d + 1 - draw.integer(0, 1))
            for e, s, k, d in zip(extents, strides, kernel, dilations)
        ]
    whole = [(e - 1) * s + (k - 1) * d + 1 for e, s, k, d in zip(extents, strides, kernel, dilations)]
    pads = attributes.get("pads", [0] * 2 * dimensions)
    if any(w - pads[i] - pads[i + dimensions] < 1 for i, w in enumerate(whole)):
        raise Rejected("nothing left of the output")
    if attributes.get("auto_pad", "").startswith("SAME") and any(w < e * s for w, e, s in zip(whole, extents, strides)):
        raise Rejected("a kernel smaller than its stride would need negative padding")
    x = draw.normal([draw.integer(1, 2), groups * inputs, *extents])
    weights = draw.normal([groups * inputs, outputs, *kernel], 0.3)
    bias = draw.normal([groups * outputs]) if draw.chance(0.6) else None
    return Case([x, weights, bias], attributes, constant=(1, 2) if draw.chance(0.6) else ())


def pool(draw, dilations_since, ceil_since):
    """Input and attributes that all pooling operators have."""
    dimensions = draw.choice([1, 2, 2, 2, 3])
    kernel, strides, dilations = window(draw, dimensions)
    if draw.version < dilations_since:
        dilations = [1] * dimensions
    attributes = {"kernel_shape": kernel}
    if draw.chance(0.8):
        attributes["strides"] = strides
    if any(dilation > 1 for dilation in dilations):
        attributes["dilations"] = dilations
    style = draw.choice(["none", "pads", "pads", "auto"])
    if style == "auto":
        attributes["auto_pad"] = draw.choice(["SAME_UPPER", "SAME_LOWER", "VALID"])
    elif style == "pads":
        attributes["pads"] = [draw.integer(0, k - 1) for k in kernel * 2]
    if draw.version >= ceil_since and draw.chance(0.5) and style != "auto":
        attributes["ceil_mode"] = draw.integer(0, 1)
    x = draw.normal([draw.integer(1, 2), draw.integer(1, 18), *spatial(draw, kernel, dilations)])
    return x, attributes


@operator("AveragePool")
def average_pool(draw):
    x, attributes = pool(draw, dilations_since=19, ceil_since=10)
    draw.attribute(attributes, "count_include_pad", draw.integer(0, 1))
    return Case([x], attributes)


@operator("MaxPool")
def max_pool(draw):
    x, attributes = pool(draw, dilations_since=10, ceil_since=10)
    indices = draw.version >= 8 and draw.chance(0.25)
    if indices and len(attributes["kernel_shape"]) == 2:
        draw.attribute(attributes, "storage_order", draw.integer(0, 1))
    return Case([x], attributes, outputs=2 if indices else 1)


@operator("LpPool")
def lp_pool(draw):
    x, attributes = pool(draw, dilations_since=18, ceil_since=18)
    if "dilations" in attributes and attributes.get("auto_pad", "").startswith("SAME"):
        raise Rejected("ONNX Runtime pads as if there were no dilations")
    draw.attribute(attributes, "p", draw.integer(1, 3))
    return Case([x], attributes)


@operator("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
def global_pool(draw):
    shape = [draw.integer(1, 3), draw.integer(1, 20)] + [draw.integer(1, 7) for _ in range(draw.integer(1, 3))]
    attributes = {}
    if draw.name == "GlobalLpPool":
        draw.attribute(attributes, "p", draw.integer(1, 2))
    return Case([draw.normal(shape)], attributes)
