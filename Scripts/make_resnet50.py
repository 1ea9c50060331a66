#!/usr/bin/env python3
"""Writes a ResNet-50-size ONNX model with seeded random weights, for speed measurements only.

usage: make_resnet50.py OUT.onnx [--batch N]

25.6 M parameters and 4.1 G multiply-adds per 224x224 image. Batch normalization is an operator of its own, as when a
model is exported without folding. Needs onnx and numpy alone.
"""
import argparse

import numpy as np
import onnx
from onnx import helper, numpy_helper

STAGES = [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)]  # width, blocks, stride of the first block
EXPANSION = 4
SEED = 50


class Network:
    """Collects nodes and weights; each method adds a layer and returns the name of its output."""

    def __init__(self):
        self.random = np.random.default_rng(SEED)
        self.nodes, self.weights = [], []
        self.parameters = self.products = 0

    def add(self, operator, inputs, **attributes):
        output = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def weight(self, *shape, low=0.0, high=0.0, scale=0.0, trained=True):
        """Normal values with a scale, or uniform ones from low to high."""
        name = f"weight_{len(self.weights)}"
        values = self.random.standard_normal(shape, np.float32) * np.float32(scale) if scale else \
            self.random.uniform(low, high, shape).astype(np.float32)
        self.weights.append(numpy_helper.from_array(values, name))
        self.parameters += values.size * trained
        return name

    def convolution(self, x, inputs, outputs, size, extent, stride=1, relu=True, gain=1.0):
        """A convolution of a square input of `extent`, batch normalization, and ReLU."""
        weights = self.weight(outputs, inputs, size, size, scale=np.sqrt(2 / (inputs * size * size)))
        self.products += outputs * inputs * size * size * (extent // stride) ** 2
        x = self.add("Conv", [x, weights], kernel_shape=[size, size], strides=[stride, stride], pads=[size // 2] * 4)
        x = self.add("BatchNormalization", [
            x, self.weight(outputs, low=0.9 * gain, high=1.1 * gain), self.weight(outputs, low=-0.1, high=0.1),
            self.weight(outputs, low=-0.1, high=0.1, trained=False), self.weight(outputs, low=0.9, high=1.1, trained=False),
        ], epsilon=1e-5)
        return self.add("Relu", [x]) if relu else x

    def bottleneck(self, x, inputs, width, extent, stride):
        outputs = width * EXPANSION
        shortcut = x
        if stride != 1 or inputs != outputs:
            shortcut = self.convolution(x, inputs, outputs, 1, extent, stride, relu=False)
        y = self.convolution(x, inputs, width, 1, extent)
        y = self.convolution(y, width, width, 3, extent, stride)
        # A small gain keeps activations of random weights in range through 16 additions.
        y = self.convolution(y, width, outputs, 1, extent // stride, relu=False, gain=0.3)
        return self.add("Relu", [self.add("Add", [y, shortcut])])


def make(batch):
    network = Network()
    x = network.convolution("image", 3, 64, 7, 224, stride=2)
    x = network.add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    channels, extent = 64, 56
    for width, blocks, stride in STAGES:
        for block in range(blocks):
            step = stride if block == 0 else 1
            x = network.bottleneck(x, channels, width, extent, step)
            channels, extent = width * EXPANSION, extent // step
    x = network.add("Flatten", [network.add("GlobalAveragePool", [x])], axis=1)
    weights, bias = network.weight(1000, channels, scale=0.01), network.weight(1000, scale=0.01)
    network.products += 1000 * channels
    network.nodes.append(helper.make_node("Gemm", [x, weights, bias], ["scores"], name="classifier", transB=1))
    graph = helper.make_graph(
        network.nodes, "resnet50",
        [helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, [batch, 3, 224, 224])],
        [helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, [batch, 1000])],
        network.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model, network


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output")
    parser.add_argument("--batch", type=int, default=1)
    options = parser.parse_args()
    model, network = make(options.batch)
    onnx.save(model, options.output)
    print(f"{options.output}: {network.parameters / 1e6:.1f} M parameters, {network.products / 1e9:.2f} GMAC per image")


if __name__ == "__main__":
    main()
