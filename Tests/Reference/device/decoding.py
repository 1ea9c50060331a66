"""Compressed weights: TFLM_DECODE in front of a layer."""
import numpy as np

from .model import Case, Model


def decode(draw):
    bits = draw.integer(1, 7)
    filters, depth = draw.integer(1, 9), draw.integer(1, 20)
    per_channel = draw.chance() and filters > 1
    stride = draw.integer(max(1, 2 ** (bits - 1)), 2**bits)
    channels = filters if per_channel else 1
    table = np.sort(draw.random.integers(-127, 128, (channels, stride)).astype(np.int8), axis=1)
    indices = draw.random.integers(0, stride, filters * depth)
    stream = "".join(format(index, f"0{bits}b") for index in indices)
    stream += "0" * (-len(stream) % 8)
    packed = np.array([int(stream[start:start + 8], 2) for start in range(0, len(stream), 8)], np.uint8)
    header = np.zeros(16, np.uint8)
    header[[1, 4, 5, 6]] = [1, 1, bits, stride]
    model = Model()
    x_grid = draw.grid("int8", 0.01, 0.1)
    scales = draw.random.uniform(0.003, 0.01, channels).astype(np.float32)
    x = model.tensor([2, depth], "int8", x_grid)
    encoded = model.tensor([len(packed)], "uint8", data=packed)
    ancillary = model.tensor([16 + table.size], "uint8", data=np.concatenate([header, table.ravel().view(np.uint8)]))
    w = model.tensor([filters, depth], "int8", (scales, 0))
    y = model.tensor([2, filters], "int8", (np.float32(0.3), draw.integer(-128, 127)))
    model.operator("CUSTOM", [encoded, ancillary], [w], custom="TFLM_DECODE")
    model.operator("FULLY_CONNECTED", [x, w], [y], "FullyConnectedOptions")
    return Case(model, {x: draw.values([2, depth], "int8")}, [y])


def pruned(draw):
    filters, depth = draw.integer(1, 9), draw.integer(1, 20)
    kept = draw.random.random(filters * depth) < draw.random.uniform(0.1, 0.9)
    kept[0] = True
    values = draw.random.integers(-127, 128, kept.sum()).astype(np.int8)
    header = np.zeros(16, np.uint8)
    header[[0, 1, 4]] = [2, 1, 1]
    packed = np.packbits(kept)
    model = Model()
    x = model.tensor([2, depth], "int8", draw.grid("int8", 0.01, 0.1))
    encoded = model.tensor([len(packed)], "uint8", data=packed)
    ancillary = model.tensor([16 + len(values)], "uint8", data=np.concatenate([header, values.view(np.uint8)]))
    w = model.tensor([filters, depth], "int8", (draw.scale(0.003, 0.01), draw.choice([0, 0, 7])))
    y = model.tensor([2, filters], "int8", (np.float32(0.3), draw.integer(-128, 127)))
    model.operator("CUSTOM", [encoded, ancillary], [w], custom="TFLM_DECODE")
    model.operator("FULLY_CONNECTED", [x, w], [y], "FullyConnectedOptions")
    return Case(model, {x: draw.values([2, depth], "int8")}, [y])


GENERATORS = {"TFLM_DECODE": decode, "TFLM_DECODE_pruned": pruned}
