"""The vocabulary of the generators: what is drawn, and the model it becomes."""
import dataclasses

import numpy as np
import onnx
from onnx import helper, numpy_helper

OLDEST, NEWEST = 7, 24

GENERATORS = {}


def operator(*names):
    """Registers a function as the generator of these operators."""

    def register(function):
        for name in names:
            assert name not in GENERATORS, name
            GENERATORS[name] = function
        return function

    return register


class Rejected(Exception):
    """The draw makes no legal model; another one is taken."""


def operator_versions(name):
    """The versions of an operator that opsets 7 to 24 reach; a newer operator has its newest one."""
    history = sorted(
        schema.since_version for schema in onnx.defs.get_all_schemas_with_history()
        if schema.domain == "" and schema.name == name and (not schema.deprecated or name == "GroupNormalization")
    )
    reachable = [version for version in history if version <= NEWEST]
    if not reachable:
        return history[-1:]
    oldest = max((version for version in reachable if version <= OLDEST), default=reachable[0])
    return [version for version in reachable if version >= oldest]


class Draw:
    """One seeded random choice of an operator's version, and of everything a generator asks for."""

    def __init__(self, seed, name):
        self.random = np.random.default_rng(seed)
        self.name = name
        versions = operator_versions(name)
        self.version = self.choice(versions)
        following = [version for version in versions if version > self.version]
        last = following[0] - 1 if following else max(NEWEST, self.version)
        if name == "Upsample":
            last = 9
        self.opset = self.integer(max(OLDEST, self.version), max(OLDEST, self.version, last))

    def integer(self, low, high):
        """From low to high, both included."""
        return int(self.random.integers(low, high + 1))

    def chance(self, probability):
        return bool(self.random.random() < probability)

    def choice(self, options):
        return options[self.integer(0, len(options) - 1)]

    def number(self, low, high):
        return float(np.float32(self.random.uniform(low, high)))

    def shape(self, low=1, high=4, extent=6, empty=0.03):
        """A shape of low to high axes; now and then an extent is 0, often 1."""
        shape = [1 if self.chance(0.15) else self.integer(1, extent) for _ in range(self.integer(low, high))]
        if shape and self.chance(empty):
            shape[self.integer(0, len(shape) - 1)] = 0
        return shape

    def axis(self, rank):
        """An axis, sometimes counted from the back."""
        axis = self.integer(0, rank - 1)
        return axis - rank if self.chance(0.3) else axis

    def axes(self, rank, low=1):
        """Distinct axes in random order, some counted from the back."""
        chosen = self.random.permutation(rank)[: self.integer(min(low, rank), rank)]
        return [int(axis) - (rank if self.chance(0.3) else 0) for axis in chosen]

    def floats(self, shape, low=-3.0, high=3.0):
        return self.random.uniform(low, high, shape).astype(np.float32)

    def normal(self, shape, scale=1.0):
        return (self.random.standard_normal(shape) * scale).astype(np.float32)

    def integers(self, shape, low=-9, high=9, dtype=np.int64):
        return self.random.integers(low, high + 1, shape).astype(dtype)

    def booleans(self, shape):
        return self.random.random(shape) < 0.5

    def values(self, shape, kinds="f", low=-3, high=3):
        """An array of one of the kinds: f float32, i int32, l int64, b bool, u uint8, s int8."""
        kind = self.choice(kinds)
        if kind == "f":
            return self.floats(shape, low, high)
        if kind == "b":
            return self.booleans(shape)
        dtype = {"i": np.int32, "l": np.int64, "u": np.uint8, "s": np.int8}[kind]
        return self.integers(shape, 0 if kind == "u" else low, high, dtype)

    def broadcast(self, shape):
        """A shape that broadcasts with `shape`: leading axes cut, some extents 1."""
        cut = shape[self.integer(0, len(shape)):] if self.chance(0.4) else list(shape)
        return [1 if self.chance(0.25) else extent for extent in cut]

    def attribute(self, attributes, name, value, probability=0.7):
        """Sets an attribute most of the time; else its default holds."""
        if self.chance(probability):
            attributes[name] = value


@dataclasses.dataclass
class Case:
    """One operator with its inputs. An input is an array, or None where it is left out."""

    inputs: list
    attributes: dict = dataclasses.field(default_factory=dict)
    outputs: int = 1
    constant: tuple = ()  # inputs that are always initializers
    fed: tuple = ()  # inputs that are always given at run time
    omitted: tuple = ()  # outputs that are left out
    nodes: list = None  # more than one node: (operator, inputs, outputs, attributes), tensors x0, x1 … and y0, y1 …
    relative: float = 1e-4  # the error allowed, of the output's range
    type: type = None  # the type of the outputs, where ONNX's type inference does not find it


def output_info(name, dtype):
    if dtype is None:
        return onnx.ValueInfoProto(name=name)
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), None)


def model_of(draw, case):
    """(ModelProto, feeds, output names) of a case."""
    feeds, initializers, names = {}, [], []
    for index, value in enumerate(case.inputs):
        if value is None:
            names.append("")
            continue
        name = f"x{index}"
        names.append(name)
        constant = index in case.constant or (index > 0 and index not in case.fed and draw.chance(0.5))
        if constant:
            initializers.append(numpy_helper.from_array(np.asarray(value), name))
        else:
            feeds[name] = np.asarray(value)
    while names and not names[-1]:
        names.pop()
    outputs = [f"y{index}" for index in range(case.outputs)]
    if case.nodes is None:
        written = ["" if index in case.omitted else name for index, name in enumerate(outputs)]
        while written and not written[-1]:
            written.pop()
        nodes = [helper.make_node(draw.name, names, written, name=f"the_{draw.name}", **case.attributes)]
        outputs = [name for name in written if name]
    else:
        nodes = [
            helper.make_node(kind, given, made, name=f"node_{index}", **attributes)
            for index, (kind, given, made, attributes) in enumerate(case.nodes)
        ]
    graph = helper.make_graph(
        nodes, draw.name,
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
            for name, value in feeds.items()
        ],
        [output_info(name, case.type) for name in outputs], initializers,
    )
    opset = helper.make_opsetid("", draw.opset)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=helper.find_min_ir_version_for([opset]))
    try:
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
        if draw.name != "GroupNormalization":  # its version 18 is deprecated, but in many models
            onnx.checker.check_model(inferred)
    except Exception as error:
        raise Rejected(str(error)) from error
    if len(initializers) and draw.chance(0.1) and draw.opset < 9:
        # Before IR version 4 every initializer was listed among the inputs too.
        inferred.graph.input.extend(
            helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in initializers)
        inferred.ir_version = 3
    return inferred, feeds, outputs
