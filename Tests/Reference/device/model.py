"""A .tflite file with a few tensors and one operator (or a few), and the random numbers that shape it."""
import flatbuffers
import numpy as np
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

TYPES = {
    "float32": schema.TensorType.FLOAT32, "int8": schema.TensorType.INT8, "int16": schema.TensorType.INT16,
    "int32": schema.TensorType.INT32, "int64": schema.TensorType.INT64, "uint8": schema.TensorType.UINT8,
    "bool": schema.TensorType.BOOL, "int4": schema.TensorType.INT4, "uint32": schema.TensorType.UINT32,
}


class Rejected(Exception):
    """The random numbers do not make a model; draw again."""


class Model:
    """Builds one file; tensors are named after their number."""

    def __init__(self):
        self.root = schema.ModelT()
        self.root.version = 3
        self.root.description = ""
        self.root.operatorCodes = []
        self.root.metadata = []
        self.root.buffers = [schema.BufferT()]
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.graph.name = "main"
        self.root.subgraphs = [self.graph]

    def buffer(self, content):
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(bytes(content), np.uint8)
        self.root.buffers.append(buffer)
        return len(self.root.buffers) - 1

    def tensor(self, shape, type, grid=None, data=None, axis=0, variable=False):
        """`grid` is (scale or scales, zero point)."""
        tensor = schema.TensorT()
        tensor.shape = [int(extent) for extent in shape]
        tensor.type = TYPES[type]
        tensor.name = f"t{len(self.graph.tensors)}"
        tensor.isVariable = variable
        tensor.buffer = 0
        if grid is not None:
            quantization = schema.QuantizationParametersT()
            quantization.scale = np.atleast_1d(np.asarray(grid[0], np.float32)).tolist()
            quantization.zeroPoint = [int(grid[1])] * len(quantization.scale)
            quantization.quantizedDimension = axis
            tensor.quantization = quantization
        if data is not None:
            if type == "int4":
                nibbles = np.asarray(data, np.int8).ravel()
                if nibbles.size % 2:
                    nibbles = np.append(nibbles, np.int8(0))
                nibbles = nibbles.astype(np.uint8) & 15
                content = (nibbles[0::2] | nibbles[1::2] << 4).astype(np.uint8).tobytes()
            else:
                content = np.ascontiguousarray(np.asarray(data, type)).tobytes()
            tensor.buffer = self.buffer(content)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def operator(self, name, inputs, outputs, options=None, custom=None, **fields):
        code = schema.OperatorCodeT()
        number = getattr(schema.BuiltinOperator, name)
        code.builtinCode, code.deprecatedBuiltinCode = number, min(number, 127)
        code.version, code.customCode = 1, custom
        self.root.operatorCodes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self.root.operatorCodes) - 1
        operator.inputs, operator.outputs = list(inputs), list(outputs)
        if options:
            table = getattr(schema, options + "T")()
            for key, value in fields.items():
                assert hasattr(table, key), key
                setattr(table, key, value)
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            operator.builtinOptions = table
        self.graph.operators.append(operator)

    def content(self, inputs, outputs):
        self.graph.inputs, self.graph.outputs = list(inputs), list(outputs)
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.root.Pack(builder), b"TFL3")
        return bytes(builder.Output())


class Case:
    """A file, its inputs by tensor, the tensors that come out, and by how much float results may differ."""

    def __init__(self, model, inputs, outputs, tolerance=None):
        self.content = model.content(list(inputs), outputs)
        self.inputs = inputs
        self.outputs = outputs
        self.tolerance = tolerance


class Draw:
    """Random choices from one seed."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def integer(self, low, high):
        """From low to high, both included."""
        return int(self.random.integers(low, high + 1))

    def choice(self, options):
        return options[self.integer(0, len(options) - 1)]

    def chance(self, probability=0.5):
        return bool(self.random.random() < probability)

    def shape(self, low=1, high=4, extent=6):
        return [self.integer(1, extent) for _ in range(self.integer(low, high))]

    def scale(self, low=1e-3, high=0.5):
        """Any float32, now and then a power of two."""
        value = np.float32(np.exp(self.random.uniform(np.log(low), np.log(high))))
        return np.float32(2.0 ** np.round(np.log2(value))) if self.chance(0.15) else value

    def grid(self, type="int8", low=None, high=None):
        """Scale and zero point."""
        if type == "int16":
            return self.scale(low or 1e-5, high or 1e-3), 0
        return self.scale(low or 1e-3, high or 0.5), self.integer(-128, 127) if self.chance(0.9) else self.choice([-128, 0, 127])

    def values(self, shape, type):
        if type == "float32":
            return self.random.normal(0, 2, shape).astype(np.float32)
        if type == "bool":
            return self.random.integers(0, 2, shape).astype(bool)
        low, high = {"int8": (-128, 127), "int16": (-32768, 32767), "uint8": (0, 255), "int4": (-8, 7)}.get(type, (-1000, 1000))
        values = self.random.integers(low, high + 1, shape)
        if self.chance(0.2):  # numbers at the ends
            values = np.where(self.random.random(shape) < 0.3, self.random.choice([low, high], shape), values)
        return values.astype("int8" if type == "int4" else type)

    def broadcast(self, high=5):
        """Two shapes and what they make together."""
        result = self.shape(1, high, 4)
        def part():
            shape = [extent if self.chance(0.7) else 1 for extent in result]
            return shape[self.integer(0, len(shape) - 1):] if self.chance(0.3) else shape
        a, b = part(), part()
        return a, b, list(np.broadcast_shapes(tuple(a), tuple(b)))

    def perhaps_constant(self, case_inputs, model, shape, type, grid=None, probability=0.3, values=None):
        """A tensor that is an input of the model or, by chance, a constant."""
        values = self.values(shape, type) if values is None else values
        if self.chance(probability):
            return model.tensor(shape, type, grid, data=values)
        index = model.tensor(shape, type, grid)
        case_inputs[index] = values
        return index
