"""Resize in all its modes, and Upsample."""
import numpy as np

from operators.case import Case, Rejected, operator


@operator("Upsample")
def upsample(draw):
    mode = draw.choice(["nearest", "linear"])
    shape = [draw.integer(1, 2), draw.integer(1, 5), draw.integer(1, 6), draw.integer(1, 6)]
    scales = [1.0, 1.0, draw.choice([1.0, 1.5, 2.0, 3.0]), draw.choice([1.0, 1.5, 2.0, 3.0])]
    attributes = {"mode": mode} if mode == "linear" or draw.chance(0.5) else {}
    if draw.version < 9:
        return Case([draw.normal(shape)], {**attributes, "scales": scales})
    return Case([draw.normal(shape), np.array(scales, np.float32)], attributes)


def coordinate_mode(draw):
    modes = ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "tf_crop_and_resize"]
    if draw.version < 13:
        modes.append("tf_half_pixel_for_nn")
    if draw.version >= 19:
        modes.append("half_pixel_symmetric")
    return draw.choice(modes)


@operator("Resize")
def resize(draw):
    mode = draw.choice(["nearest", "linear", "cubic"] if draw.version >= 11 else ["nearest", "linear"])
    spatial = draw.choice([1, 2, 2, 2, 3]) if mode != "cubic" else 2
    shape = [draw.integer(1, 2), draw.integer(1, 5)] + [draw.integer(2, 7) for _ in range(spatial)]
    scales = [1.0, 1.0] + [draw.choice([0.5, 0.6, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0]) for _ in range(spatial)]
    if any(int(extent * scale) < 1 for extent, scale in zip(shape, scales)):
        raise Rejected("an empty output")
    x = draw.normal(shape)
    attributes = {} if mode == "nearest" and draw.chance(0.5) else {"mode": mode}
    if draw.version == 10:
        if mode == "nearest" and any(scale < 1 and scale != 0.5 for scale in scales):
            raise Rejected("this version does not say how a place between two elements is rounded")
        return Case([x, np.array(scales, np.float32)], attributes)

    coordinates = coordinate_mode(draw)
    if coordinates != "half_pixel" or draw.chance(0.5):
        attributes["coordinate_transformation_mode"] = coordinates
    if mode == "nearest":
        draw.attribute(attributes, "nearest_mode", draw.choice(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]), 0.6)
    if mode == "cubic":
        draw.attribute(attributes, "cubic_coeff_a", draw.choice([-0.5, -0.75]), 0.5)
        draw.attribute(attributes, "exclude_outside", draw.integer(0, 1), 0.5)
    roi = None
    if coordinates == "tf_crop_and_resize":
        starts = [0.0, 0.0] + [draw.number(0, 0.4) for _ in range(spatial)]
        ends = [1.0, 1.0] + [draw.number(0.6, 1.2) for _ in range(spatial)]
        roi = np.array(starts + ends, np.float32)
        draw.attribute(attributes, "extrapolation_value", draw.number(-2, 2), 0.6)
    if draw.version >= 18 and mode != "nearest" and draw.chance(0.25) and coordinates != "tf_crop_and_resize":
        attributes["antialias"] = 1

    axes = None
    if draw.version >= 18 and roi is None and draw.chance(0.3):
        axes = list(range(2, 2 + spatial))
        attributes["axes"] = axes
    chosen = axes or range(len(shape))
    if roi is None and draw.version < 13:
        roi = np.array([], np.float32)
    # ONNX Runtime leaves the region out of the output's extents when scales are given, against the definition.
    if draw.chance(0.5) or coordinates == "tf_crop_and_resize":
        sizes = [int(shape[axis] * scales[axis]) for axis in chosen]
        no_scales = np.array([], np.float32) if draw.version < 13 else None
        if axes and draw.chance(0.5):
            attributes["keep_aspect_ratio_policy"] = draw.choice(["not_larger", "not_smaller"])
        return Case([x, roi, no_scales, np.array(sizes, np.int64)], attributes, constant=(1, 2))
    return Case([x, roi, np.array([scales[axis] for axis in chosen], np.float32)], attributes, constant=(1,))
