#!/usr/bin/env python3
"""Makes everything in Calibration/detector: the data files and the small detector of the recipe for detectors.

    python3 -m venv venv
    venv/bin/pip install numpy==2.4.6 scikit-learn==1.9.1 onnx==1.23.2
    venv/bin/python Scripts/train_detector.py   (two minutes)

Scenes are digits of several sizes on a canvas of 40x40 with noise. The network looks at a grid of 5x5 cells, as
single-shot detectors do: each says where a digit is whose center it holds, whether there is one, and which. Boxes (in
pixels, 0 to 40) and scores (0 to 1) leave it joined in one output, as most detectors are exported.
Everything is seeded; another processor may still give slightly different weights.
"""
import os
import pathlib

os.environ["OMP_NUM_THREADS"] = "1"  # Matrices are small, and sums keep their order.

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Calibration" / "detector"
SEED = 11
SIZE, GRID, CELL = 40, 5, 8
CALIBRATION, TEST = 60, 120
BATCH, STEPS = 64, 1500
CHANNELS = [(1, 12, 2), (12, 24, 2), (24, 32, 2), (32, 32, 1)]  # inputs, outputs, stride of 3x3 convolutions
OUTPUTS = 15  # x, y, width, height, is there a digit, ten classes


def resized(image, size):
    """Bilinear, from 8x8."""
    places = (np.arange(size) + 0.5) * 8 / size - 0.5
    low = np.clip(np.floor(places).astype(int), 0, 7)
    high = np.clip(low + 1, 0, 7)
    part = np.clip(places - low, 0, 1)
    rows = image[low] * (1 - part)[:, None] + image[high] * part[:, None]
    return rows[:, low] * (1 - part) + rows[:, high] * part


def scene(digits, labels, random):
    """A picture (uint8) and its boxes: x, y of the center, width, height, class."""
    canvas = np.zeros((SIZE, SIZE))
    boxes = []
    for _ in range(random.integers(1, 4)):
        size = int(random.integers(11, 19))
        x, y = random.integers(0, SIZE - size + 1, 2)
        center = (x + size / 2, y + size / 2)
        if any(abs(center[0] - b[0]) < (size + b[2]) / 2 and abs(center[1] - b[1]) < (size + b[3]) / 2 for b in boxes):
            continue
        which = random.integers(len(digits))
        canvas[y:y + size, x:x + size] = np.maximum(canvas[y:y + size, x:x + size], resized(digits[which], size))
        boxes.append((*center, size, size, labels[which]))
    canvas = canvas * random.uniform(9, 15) + random.uniform(0, 25) + random.normal(0, 6, canvas.shape)
    return np.clip(np.rint(canvas), 0, 255).astype(np.uint8), boxes


def targets(boxes):
    grid = np.zeros((GRID, GRID, OUTPUTS), np.float32)
    for x, y, width, height, label in boxes:
        column, row = min(int(x // CELL), GRID - 1), min(int(y // CELL), GRID - 1)
        grid[row, column] = 0
        grid[row, column, :5] = x / CELL - column, y / CELL - row, width / SIZE, height / SIZE, 1
        grid[row, column, 5 + label] = 1
    return grid


class Convolution:
    """3x3 or 1x1, in NCHW, with what training by Adam needs."""

    def __init__(self, inputs, outputs, size, stride, random):
        scale = np.sqrt(2 / (inputs * size * size))
        self.weights = (random.normal(0, scale, (outputs, inputs, size, size))).astype(np.float32)
        self.bias = np.zeros(outputs, np.float32)
        self.size, self.stride = size, stride
        self.moments = [[np.zeros_like(p), np.zeros_like(p)] for p in (self.weights, self.bias)]

    def forward(self, x):
        pad = self.size // 2
        self.shape = x.shape
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (self.size, self.size), (2, 3))
        windows = windows[:, :, ::self.stride, ::self.stride]
        n, c, h, w = windows.shape[:4]
        self.columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * h * w, -1)
        y = self.columns @ self.weights.reshape(len(self.weights), -1).T + self.bias
        return y.reshape(n, h, w, -1).transpose(0, 3, 1, 2)

    def backward(self, gradient):
        n, o, h, w = gradient.shape
        flat = gradient.transpose(0, 2, 3, 1).reshape(-1, o)
        self.gradients = [(flat.T @ self.columns).reshape(self.weights.shape), flat.sum(0)]
        columns = (flat @ self.weights.reshape(o, -1)).reshape(n, h, w, self.shape[1], self.size, self.size)
        pad = self.size // 2
        result = np.zeros((n, self.shape[1], self.shape[2] + 2 * pad, self.shape[3] + 2 * pad), np.float32)
        s = self.stride
        for row in range(self.size):
            for column in range(self.size):
                result[:, :, row:row + s * h:s, column:column + s * w:s] += columns[..., row, column].transpose(0, 3, 1, 2)
        return result[:, :, pad:pad + self.shape[2], pad:pad + self.shape[3]]

    def step(self, rate, count):
        for values, gradient, moment in zip((self.weights, self.bias), self.gradients, self.moments):
            moment[0] = 0.9 * moment[0] + 0.1 * gradient
            moment[1] = 0.99 * moment[1] + 0.01 * gradient * gradient
            first, second = moment[0] / (1 - 0.9**count), moment[1] / (1 - 0.99**count)
            values -= (rate * (first / (np.sqrt(second) + 1e-8) + 1e-4 * values)).astype(np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def forward(layers, x):
    masks = []
    for layer in layers[:-1]:
        x = layer.forward(x)
        masks.append(x > 0)
        x = np.maximum(x, 0)
    return sigmoid(layers[-1].forward(x).transpose(0, 2, 3, 1)), masks


def train(digits, labels):
    random = np.random.default_rng(SEED)
    layers = [Convolution(i, o, 3, s, random) for i, o, s in CHANNELS] + [Convolution(32, OUTPUTS, 1, 1, random)]
    for count in range(1, STEPS + 1):
        scenes = [scene(digits, labels, random) for _ in range(BATCH)]
        x = np.stack([s[0] for s in scenes])[:, None].astype(np.float32) / 255
        wanted = np.stack([targets(s[1]) for s in scenes])
        found, masks = forward(layers, x)
        there = wanted[..., 4:5]
        # Of squared error for boxes, of cross entropy for scores; both by way of the sigmoid.
        gradient = found - wanted
        gradient[..., :4] *= there * 12 * found[..., :4] * (1 - found[..., :4])
        gradient[..., 5:] *= there
        gradient = (gradient / BATCH).transpose(0, 3, 1, 2).astype(np.float32)
        for index in reversed(range(len(layers))):
            gradient = layers[index].backward(gradient)
            if index:
                gradient = gradient * masks[index - 1]
        rate = 3e-3 * min(1, count / 100) * (0.5 + 0.5 * np.cos(np.pi * count / STEPS))
        for layer in layers:
            layer.step(rate, count)
    return layers


def exported(layers):
    nodes, constants = [], []

    def constant(name, values):
        constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    value = "image"
    for index, layer in enumerate(layers):
        name = "head" if index == len(layers) - 1 else f"conv{index + 1}"
        pad = layer.size // 2
        nodes.append(helper.make_node(
            "Conv", [value, constant(f"{name}.weight", layer.weights), constant(f"{name}.bias", layer.bias)], [name],
            name, kernel_shape=[layer.size] * 2, strides=[layer.stride] * 2, pads=[pad] * 4))
        value = name
        if name != "head":
            nodes.append(helper.make_node("Relu", [name], [f"{name}.relu"], f"{name}.relu"))
            value = f"{name}.relu"
    rows, columns = np.mgrid[:GRID, :GRID]
    cells = np.stack([columns, rows], -1).reshape(1, GRID * GRID, 2).astype(np.float32)
    add = lambda kind, inputs, outputs, **options: nodes.append(  # noqa: E731
        helper.make_node(kind, inputs, outputs, outputs[0], **options))
    add("Transpose", [value], ["cells_last"], perm=[0, 2, 3, 1])
    add("Reshape", ["cells_last", constant("cell_shape", np.array([-1, GRID * GRID, OUTPUTS]))], ["cells"])
    add("Sigmoid", ["cells"], ["shares"])
    add("Split", ["shares", constant("parts", np.array([2, 2, OUTPUTS - 4]))], ["offset", "extent", "scores"], axis=2)
    add("Add", ["offset", constant("grid", cells)], ["place"])
    add("Mul", ["place", constant("cell_size", np.float32(CELL))], ["center"])
    add("Mul", ["extent", constant("image_size", np.float32(SIZE))], ["size"])
    add("Concat", ["center", "size", "scores"], ["detections"], axis=2)
    graph = helper.make_graph(
        nodes, "digit_detector",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, SIZE, SIZE])],
        [helper.make_tensor_value_info("detections", TensorProto.FLOAT, ["batch", GRID * GRID, OUTPUTS])], constants)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="train_detector")
    onnx.checker.check_model(model, full_check=True)
    return model


def found_digits(output):
    """Cells that say there is a digit: x, y, width, height, class."""
    return [(*cell[:4], int(cell[5:].argmax())) for cell in output.reshape(-1, OUTPUTS) if cell[4] > 0.5]


def overlap(a, b):
    width = min(a[0] + a[2] / 2, b[0] + b[2] / 2) - max(a[0] - a[2] / 2, b[0] - b[2] / 2)
    height = min(a[1] + a[3] / 2, b[1] + b[3] / 2) - max(a[1] - a[3] / 2, b[1] - b[3] / 2)
    shared = max(width, 0) * max(height, 0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def score(outputs, truth):
    """Digits that are right (the class, and half of the box), those that are there, those that are claimed."""
    right = 0
    for output, boxes in zip(outputs, truth):
        right += sum(any(b[4] == f[4] and overlap(b, f) > 0.5 for f in found_digits(output)) for b in boxes)
    return right, sum(map(len, truth)), sum(len(found_digits(output)) for output in outputs)


def main():
    digits = load_digits()
    order = np.random.default_rng(SEED).permutation(len(digits.images))
    images, labels = digits.images[order], digits.target[order]
    layers = train(images[:1300], labels[:1300])
    random = np.random.default_rng(SEED + 1)
    calibration = [scene(images[1300:1500], labels[1300:1500], random) for _ in range(CALIBRATION)]
    test = [scene(images[1500:], labels[1500:], random) for _ in range(TEST)]
    FOLDER.mkdir(parents=True, exist_ok=True)
    np.save(FOLDER / "calib_x.npy", np.stack([s[0] for s in calibration]))
    np.save(FOLDER / "test_x.npy", np.stack([s[0] for s in test]))
    rows = ["scene,x,y,width,height,class"]
    rows += [f"{index},{b[0]},{b[1]},{b[2]},{b[3]},{b[4]}" for index, (_, boxes) in enumerate(test) for b in boxes]
    (FOLDER / "test_boxes.csv").write_text("\n".join(rows) + "\n")
    onnx.save(exported(layers), FOLDER / "detector.onnx")
    x = np.stack([s[0] for s in test])[:, None].astype(np.float32) / 255
    shares, _ = forward(layers, x)
    rows, columns = np.mgrid[:GRID, :GRID]
    shares[..., :2] = (shares[..., :2] + np.stack([columns, rows], -1)) * CELL
    shares[..., 2:4] *= SIZE
    right, there, claimed = score(shares, [s[1] for s in test])
    print(f"parameters {sum(l.weights.size + l.bias.size for l in layers)}, "
          f"digits found {right} of {there}, {claimed} claimed")


if __name__ == "__main__":
    main()
