#!/usr/bin/env python3
"""Small models of each operator that TensorFlow Lite Micro lacks or has in another form, float and int8.

usage: rewrites.py BINARY [--only REGEX] [--show] [--float]

For each model:
- `edgeopt convert` writes a float .tflite whose outputs in tflite-micro are ONNX Runtime's within 1e-4 of their range;
- `edgeopt quantize` writes an int8 .tflite whose outputs on samples that it was not calibrated on keep the model's
  floor of signal to quantization noise (SQNR, in dB).
--show prints the measured SQNR; --float leaves int8 out.
"""
import dataclasses
import pathlib
import re
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import micro
import reference

CALIBRATION, SAMPLES = 128, 16
OPSET = 20


class Net:
    """A model while it is written: values are names, weights are seeded noise."""

    def __init__(self, name):
        self.name, self.nodes, self.initializers, self.inputs, self.outputs = name, [], [], [], []
        self.random = np.random.default_rng(sum(map(ord, name)))

    def input(self, *shape):
        name = f"x{len(self.inputs)}"
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def constant(self, value, kind=np.float32):
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def weights(self, *shape, scale=None):
        fan = np.prod(shape[1:]) if len(shape) > 1 else 4
        return self.constant(self.random.standard_normal(shape) * (scale or fan ** -0.5))

    def integers(self, *values):
        return self.constant(np.array(values), np.int64)

    def op(self, kind, *inputs, outputs=1, **attributes):
        names = [f"{kind.lower()}{len(self.nodes)}_{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, f"{kind}_{len(self.nodes)}", **attributes))
        return names[0] if outputs == 1 else names

    def output(self, *names):
        self.outputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names]

    def model(self):
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
        return onnx.shape_inference.infer_shapes(model)


@dataclasses.dataclass
class Case:
    """`floor`: the least SQNR as int8; None where int8 refuses the model, with a reason in `refusal`."""

    build: object
    floor: float
    spread: float = 1
    offset: float = 0
    refusal: str = ""


CASES = {}


def case(floor, spread=1.0, offset=0.0, refusal=""):
    def add(build):
        CASES[build.__name__] = Case(build, floor, spread, offset, refusal)
        return build
    return add


def function(name, kind, floor, spread=2.0, offset=0.0, shape=(1, 6, 40), constants=(), **attributes):
    """A model of one function of one element."""
    def build(net):
        net.output(net.op(kind, net.input(*shape), *[net.constant(value) for value in constants], **attributes))
    CASES[name] = Case(build, floor, spread, offset)


# Windows.

@case(30)
def convolutions_1d(net):
    x = net.input(1, 4, 48)
    x = net.op("Relu", net.op("Conv", x, net.weights(8, 4, 5), net.weights(8), pads=[2, 2]))
    y = net.op("MaxPool", x, kernel_shape=[2], strides=[2])
    z = net.op("Conv", y, net.weights(8, 8, 3), net.weights(8), pads=[1, 1])
    y = net.op("Add", y, z)
    y = net.op("AveragePool", y, kernel_shape=[3], strides=[2], pads=[1, 1])
    net.output(net.op("Flatten", net.op("GlobalAveragePool", net.op("Conv", y, net.weights(6, 8, 3)))))


@case(30)
def transposed_1d(net):
    x = net.input(1, 4, 12)
    net.output(net.op("ConvTranspose", x, net.weights(4, 5, 4), net.weights(5), strides=[2], pads=[1, 1]))


def window(name, kind, floor, shape=(1, 3, 9, 10), **attributes):
    def build(net):
        net.output(net.op(kind, net.input(*shape), **attributes))
    CASES[name] = Case(build, floor)


window("maximum_padded", "MaxPool", 36, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
window("maximum_dilated", "MaxPool", 36, kernel_shape=[3, 3], dilations=[2, 2], pads=[2, 2, 2, 2])
window("average_counting", "AveragePool", 33, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
window("average_outside", "AveragePool", 33, kernel_shape=[3, 2], strides=[2, 3], pads=[1, 0, 0, 1], ceil_mode=1)
window("norm_pool", "LpPool", 33, kernel_shape=[3, 3], strides=[2, 2], p=2)


@case(30)
def convolution_asymmetric(net):
    x = net.input(1, 3, 9, 9)
    net.output(net.op("Conv", x, net.weights(5, 3, 3, 3), net.weights(5), pads=[0, 2, 1, 0], strides=[2, 2]))


@case(30)
def transposed_grouped(net):
    x = net.input(1, 4, 6, 6)
    net.output(net.op("ConvTranspose", x, net.weights(4, 3, 3, 3), net.weights(6), group=2, strides=[2, 2],
                      pads=[1, 1, 1, 1], output_padding=[1, 1]))


@case(30)
def transposed_dilated(net):
    x = net.input(1, 4, 6, 6)
    net.output(net.op("ConvTranspose", x, net.weights(4, 3, 3, 3), dilations=[2, 2]))


def resize(name, floor, shape=(1, 3, 6, 8), sizes=(1, 3, 9, 10), **attributes):
    def build(net):
        net.output(net.op("Resize", net.input(*shape), "", "", net.integers(*sizes), **attributes))
    CASES[name] = Case(build, floor)


resize("resize_cubic", 30, mode="cubic")
resize("resize_corners", 33, mode="linear", coordinate_transformation_mode="align_corners")
resize("resize_smoothed", 30, sizes=(1, 3, 4, 5), mode="linear", antialias=1)
resize("resize_nearest", 36, mode="nearest", nearest_mode="ceil", coordinate_transformation_mode="asymmetric")
resize("resize_1d", 33, shape=(1, 3, 8), sizes=(1, 3, 16), mode="linear")


# Normalizations.

@case(33, spread=3, offset=1)
def layer_normalization(net):
    x = net.input(1, 10, 32)
    net.output(net.op("LayerNormalization", x, net.weights(32), net.weights(32), axis=-1))


@case(33, spread=3, offset=1)
def layer_normalization_in_parts(net):
    x = net.input(1, 10, 32)
    mean = lambda value: net.op("ReduceMean", value, net.integers(-1), keepdims=1)
    centered = net.op("Sub", x, mean(x))
    variance = net.op("Add", mean(net.op("Pow", centered, net.constant(2))), net.constant(1e-5))
    net.output(net.op("Mul", net.op("Div", centered, net.op("Sqrt", variance)), net.weights(32)))


@case(33, spread=3, offset=1)
def rms_normalization(net):
    x = net.input(1, 10, 32)
    square = net.op("ReduceMean", net.op("Mul", x, x), net.integers(-1), keepdims=1)
    root = net.op("Sqrt", net.op("Add", square, net.constant(1e-5)))
    net.output(net.op("Mul", net.op("Div", x, root), net.weights(32)))


@case(33, spread=3, offset=1)
def instance_normalization(net):
    x = net.input(1, 4, 8, 8)
    net.output(net.op("InstanceNormalization", x, net.weights(4), net.weights(4)))


@case(33, spread=3, offset=1)
def group_normalization(net):
    x = net.input(1, 6, 8, 8)
    folded = net.op("Reshape", x, net.integers(0, 2, -1))
    normal = net.op("InstanceNormalization", folded, net.constant([1, 1]), net.constant([0, 0]))
    whole = net.op("Reshape", normal, net.integers(1, 6, 8, 8))
    net.output(net.op("Add", net.op("Mul", whole, net.weights(6, 1, 1, scale=1)), net.weights(6, 1, 1, scale=1)))


@case(33)
def batch_normalization(net):
    x = net.input(1, 6, 8, 8)
    net.output(net.op("BatchNormalization", x, net.weights(6, scale=1), net.weights(6), net.weights(6),
                      net.constant(net.random.uniform(0.5, 2, 6))))


@case(33)
def local_response(net):
    net.output(net.op("LRN", net.op("Relu", net.op("Conv", net.input(1, 3, 8, 8), net.weights(8, 3, 3, 3))), size=5,
                      alpha=0.5))


@case(30, spread=2)
def unit_vectors(net):
    x = net.input(1, 10, 32)
    norm = net.op("Clip", net.op("ReduceL2", x, net.integers(-1), keepdims=1), net.constant(1e-6))
    net.output(net.op("Div", x, net.op("Expand", norm, net.integers(1, 10, 32))))


@case(30, spread=2)
def softmax_of_channels(net):
    net.output(net.op("Softmax", net.input(1, 5, 6, 6), axis=1))


# Recurrences.

def recurrence(name, kind, floor, gates, direction="forward", result="all", **attributes):
    def build(net):
        directions = 2 if direction == "bidirectional" else 1
        x = net.op("Transpose", net.input(1, 12, 5), perm=[1, 0, 2])
        hidden = 8
        weights = [net.weights(directions, gates * hidden, size, scale=0.4) for size in (5, hidden)]
        bias = net.weights(directions, 2 * gates * hidden, scale=0.2)
        y, last = net.op(kind, x, *weights, bias, outputs=2, hidden_size=hidden, direction=direction, **attributes)
        net.output(last if result == "last" else y)
    CASES[name] = Case(build, floor, 1)


recurrence("lstm", "LSTM", 28, 4)
recurrence("lstm_last", "LSTM", 28, 4, result="last")
recurrence("lstm_reverse", "LSTM", 28, 4, direction="reverse")
recurrence("lstm_both", "LSTM", 28, 4, direction="bidirectional")
recurrence("lstm_clipped", "LSTM", 28, 4, clip=1.0)
recurrence("gru", "GRU", 28, 3)
recurrence("gru_linear", "GRU", 28, 3, linear_before_reset=1)
recurrence("gru_both", "GRU", 28, 3, direction="bidirectional", linear_before_reset=1)
recurrence("rnn", "RNN", 28, 1)


# Functions of one element: tables in int8.

function("erf", "Erf", 33)
function("gelu", "Gelu", 33)
function("gelu_by_tanh", "Gelu", 33, approximate="tanh")
function("softplus", "Softplus", 33)
function("softsign", "Softsign", 33)
function("mish", "Mish", 33)
function("hard_sigmoid", "HardSigmoid", 30)
function("hard_swish", "HardSwish", 30)
function("elu", "Elu", 33, alpha=0.7)
function("celu", "Celu", 33, alpha=1.5)
function("selu", "Selu", 33)
function("leaky_relu", "LeakyRelu", 33, alpha=0.2)
function("thresholded_relu", "ThresholdedRelu", 20)
function("shrink", "Shrink", 15, lambd=0.5, bias=0.2)
function("exponential", "Exp", 27, spread=1)
function("logarithm", "Log", 30, spread=0.3, offset=2)
function("square_root", "Sqrt", 33, spread=0.3, offset=2)
function("reciprocal", "Reciprocal", 30, spread=0.3, offset=2)
function("sine", "Sin", 30)
function("tangent", "Tan", 25, spread=0.3)
function("arc_tangent", "Atan", 33)
function("area_sine", "Asinh", 33)
function("absolute", "Abs", 33)
function("negative", "Neg", 33)
function("rounding", "Round", 12)
function("flooring", "Floor", 12)
function("power_1_7", "Pow", 33, spread=0.3, offset=2, constants=[1.7])
function("power_3", "Pow", 25, constants=[3])
function("square", "Pow", 30, constants=[2])
function("clip", "Clip", 33, constants=[-0.5, 2.2])
function("parametric_relu", "PRelu", 33, constants=[np.linspace(-0.2, 0.5, 6).reshape(6, 1)])
function("log_softmax", "LogSoftmax", 20)


@case(33, spread=2)
def swish(net):
    x = net.input(1, 6, 40)
    net.output(net.op("Mul", x, net.op("Sigmoid", x)))


# Functions of two elements, and reductions.

@case(25, spread=0.3, offset=2)
def quotient(net):
    net.output(net.op("Div", net.input(1, 6, 20), net.input(1, 6, 1)))


@case(33)
def quotient_by_constants(net):
    net.output(net.op("Div", net.input(1, 6, 20), net.constant(net.random.uniform(0.5, 2, (6, 1)))))


@case(30)
def choice(net):
    x = net.input(1, 6, 20)
    y = net.op("Mul", x, net.weights(20, scale=1))
    net.output(net.op("Where", net.op("Greater", x, net.constant(0.3)), y, x))


def reduction(name, kind, floor, **statistics):
    def build(net):
        net.output(net.op(kind, net.input(1, 6, 20), net.integers(2), keepdims=0))
    CASES[name] = Case(build, floor, **statistics)


reduction("reduce_l1", "ReduceL1", 33)
reduction("reduce_l2", "ReduceL2", 33)
reduction("reduce_squares", "ReduceSumSquare", 30)
reduction("reduce_log_sum", "ReduceLogSum", 30, spread=0.3, offset=2)
reduction("reduce_log_sum_exp", "ReduceLogSumExp", 30)
reduction("reduce_maximum", "ReduceMax", 36)
reduction("reduce_product", "ReduceProd", 10, spread=0.05, offset=1)


# Movement.

def padding(name, mode):
    def build(net):
        net.output(net.op("Pad", net.input(1, 3, 6, 7), net.integers(0, 0, 2, 1, 0, 0, 1, 3), mode=mode))
    CASES[name] = Case(build, 36)


for pad_mode in ["edge", "reflect", "wrap", "constant"]:
    padding(f"pad_{pad_mode}", pad_mode)


def movement(name, kind, shape, *constants, **attributes):
    def build(net):
        net.output(net.op(kind, net.input(*shape), *[net.integers(*value) for value in constants], **attributes))
    CASES[name] = Case(build, 36)


movement("gather_some", "Gather", (1, 9, 5), (7, 0, -3, 2), axis=1)
movement("tile", "Tile", (1, 4, 5), (1, 3, 2))
movement("expand", "Expand", (1, 1, 5), (1, 7, 5))
movement("transpose_5d", "Transpose", (1, 3, 4, 5, 2), perm=[0, 4, 2, 1, 3])
movement("transpose_6d", "Transpose", (1, 3, 2, 5, 2, 2), perm=[0, 4, 2, 1, 3, 5])
movement("blocks_crd", "DepthToSpace", (1, 12, 4, 5), blocksize=2, mode="CRD")
movement("blocks_dcr", "DepthToSpace", (1, 12, 4, 5), blocksize=2)
movement("blocks_deep", "SpaceToDepth", (1, 3, 4, 6), blocksize=2)
movement("reversed", "Slice", (1, 8, 3), (-1,), (-9,), (1,), (-2,))
movement("triangle", "Trilu", (1, 3, 6, 6), upper=0)


# Sums leave the range that their samples had.
@case(27)
def running_sum(net):
    net.output(net.op("CumSum", net.input(1, 6, 8), net.constant(2, np.int64)))


@case(36)
def picked_elements(net):
    places = net.constant(net.random.integers(-8, 8, (1, 3, 6)), np.int64)
    net.output(net.op("GatherElements", net.input(1, 8, 6), places, axis=1))


@case(36)
def scattered_rows(net):
    x = net.input(1, 8, 6)
    rows = net.op("Slice", x, net.integers(0), net.integers(2), net.integers(1))
    net.output(net.op("ScatterND", x, net.constant([[[0, 5], [0, 3]]], np.int64), rows))


# Products.

@case(28)
def attention(net):
    x = net.input(1, 12, 16)
    query, key, value = (
        net.op("Transpose", net.op("Reshape", net.op("MatMul", x, net.weights(16, 16, scale=0.4)),
                                   net.integers(0, 12, 2, 8)), perm=[0, 2, 1, 3]) for _ in range(3))
    scores = net.op("MatMul", query, net.op("Transpose", key, perm=[0, 1, 3, 2]))
    weights = net.op("Softmax", net.op("Mul", scores, net.constant(8 ** -0.5)), axis=-1)
    mixed = net.op("Transpose", net.op("MatMul", weights, value), perm=[0, 2, 1, 3])
    net.output(net.op("MatMul", net.op("Reshape", mixed, net.integers(0, 12, 16)), net.weights(16, 16)))


@case(33)
def gemm(net):
    x = net.op("Reshape", net.input(1, 12), net.integers(12, 1))
    net.output(net.op("Gemm", x, net.weights(12, 7), net.weights(7), transA=1, alpha=0.5, beta=2.0))


@case(30)
def einsum(net):
    net.output(net.op("Einsum", net.input(1, 4, 5, 6), net.weights(4, 6, 3), equation="bhqd,hdk->bqhk"))


# Several outputs.

@case(30)
def detection_head(net):
    x = net.input(1, 16, 8)
    boxes = net.op("MatMul", x, net.weights(8, 4, scale=100))
    scores = net.op("Sigmoid", net.op("MatMul", x, net.weights(8, 3)))
    net.output(net.op("Concat", boxes, scores, axis=2))


def samples(case, net, count, seed):
    random = np.random.default_rng(seed)
    shapes = [[size.dim_value for size in port.type.tensor_type.shape.dim] for port in net.inputs]
    # Without tails, so that samples which were not calibrated on lie within the ranges.
    noise = lambda shape: np.clip(random.standard_normal([count, *shape[1:]]), -2, 2)
    return [(noise(shape) * case.spread + case.offset).astype(np.float32) for shape in shapes]


def wanted_outputs(session, net, feeds):
    names = [port.name for port in net.inputs]
    rows = [session.run(None, dict(zip(names, (value[index:index + 1] for value in feeds)))) for index in range(SAMPLES)]
    return [np.stack(values) for values in zip(*rows)]


def sqnr(got, wanted):
    noise = np.sum((got.astype(np.float64) - wanted) ** 2)
    return 10 * np.log10(np.sum(wanted.astype(np.float64) ** 2) / max(noise, 1e-30))


def run_micro(path, feeds):
    return micro.run(path, [np.ascontiguousarray(value[:, None]) for value in feeds])[0]


def prepared(name, kind, folder):
    case = CASES[name]
    net = Net(name)
    case.build(net)
    # Both kinds of a case run side by side.
    path = folder / f"{name}_{kind}.onnx"
    onnx.save(net.model(), path)
    feeds = samples(case, net, SAMPLES, 1)
    return case, net, path, feeds, wanted_outputs(reference.session(path), net, feeds)


def check_float(binary, name, folder):
    case, net, path, feeds, wanted = prepared(name, "float", folder)
    target = folder / f"{name}.tflite"
    reference.call(binary, ["convert", path, "-o", target, "--force", "--quiet", "--keep-io-layout"])
    for got, value in zip(run_micro(target, feeds), wanted):
        problem = reference.difference(got.reshape(value.shape), value, 1e-4)
        if problem:
            return problem
    return None


def check_int8(binary, name, folder, show):
    case, net, path, feeds, wanted = prepared(name, "int8", folder)
    target = folder / f"{name}_int8.tflite"
    command = ["quantize", path, "-o", target, "--force", "--quiet", "--keep-io-layout", "--input-type", "float32",
               "--output-type", "float32"]
    for port, value in zip(net.inputs, samples(case, net, CALIBRATION, 0)):
        data = folder / f"{name}_{port.name}.npy"
        np.save(data, value)
        command += ["--calib", f"{port.name}={data}" if len(net.inputs) > 1 else data]
    reference.call(binary, command)
    got = run_micro(target, feeds)
    if name == "detection_head" and len(got) == 2:
        wanted = [wanted[0][..., :4], wanted[0][..., 4:]]
    found = min(sqnr(part.reshape(value.shape), value) for part, value in zip(got, wanted))
    if show:
        print(f"{name:32} {found:6.1f} dB, floor {case.floor}", flush=True)
    return None if found >= case.floor else f"{found:.1f} dB, floor {case.floor}"


def main():
    options = reference.arguments(__doc__.splitlines()[0], only="", show=False, float=False)
    tally = reference.Tally("rewrites")
    names = [name for name in CASES if re.search(options.only or "", name)]
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)

        def attempt(job):
            kind, name = job
            try:
                if kind == "float":
                    return check_float(options.binary, name, folder)
                return check_int8(options.binary, name, folder, options.show)
            except Exception as error:
                return reference.first_line(error)

        jobs = [(kind, name) for name in names for kind in (["float"] if options.float else ["float", "int8"])]
        for (kind, name), problem in zip(jobs, reference.in_parallel(attempt, jobs)):
            tally.check(f"{name}, {kind}", problem)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
