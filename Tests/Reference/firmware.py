#!/usr/bin/env python3
"""The C++ files of `edgeopt export`: compiled with g++, and run beside what the tflite-micro interpreter computes.

usage: firmware.py BINARY [--only REGEX]

For .tflite files of the repository, and with EDGEOPT_SHARED for the published networks:
- all files compile without a warning against a stub of TFLM's headers;
- the resolver adds as many operators as it has room for, the array is the file and aligned;
- the checksum of every layer is that of what the interpreter has in the layer's tensor;
- the self test, fed with what the interpreter computes, finds every layer good, and names a layer that is made wrong;
- conversions to and from elements are those of numpy.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zlib

import numpy as np

import reference

VECTORS = reference.REPOSITORY / "Tests" / "MicroRuntimeTests" / "Vectors"
STUB = reference.REPOSITORY / "Tests" / "FirmwareTests" / "Stub"
FLAGS = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-isystem", STUB]
NAMES = ["add_int8", "add_int16", "compress_meta_perch", "concat_int8", "conv_int8_perch_same_s2_relu", "fc_int8_relu", "lstm_int8",
         "mean_int8_0", "quantize_f32_int8", "softmax_int8_0", "transpose_conv_int8_same"]


# The interpreter's side, in a process of its own.

def child(model, request):
    """Every layer's tensor for each vector of inputs, as a .npz file beside the request."""
    from tflite_micro.python.tflite_micro import runtime

    request = pathlib.Path(request)
    content = pathlib.Path(model).read_bytes()
    stored = np.load(request)
    interpreter = runtime.Interpreter.from_bytes(
        content, arena_size=64 << 20, intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors)
    results = {}
    for vector in range(int(stored["vectors"])):
        interpreter.reset()
        for place in range(int(stored["inputs"])):
            details = interpreter.get_input_details(place)
            raw = stored[f"in{vector}_{place}"].view(details["dtype"])
            interpreter.set_input(raw.reshape(details["shape"]), place)
        interpreter.invoke()
        for tensor in stored["tensors"]:
            data = np.ascontiguousarray(interpreter.GetTensor(int(tensor), 0)["tensor_data"])
            results[f"t{vector}_{tensor}"] = data.reshape(-1).view(np.uint8)
    np.savez(request.with_name("layers.npz"), **results)


class Export:
    """The exported files of one model, and what stands in them."""

    def __init__(self, binary, model, folder):
        self.model, self.folder = model, folder
        reference.call(binary, ["export", model, "--c", folder, "--force", "-q"])
        self.contract = json.loads((folder / "model.io.json").read_text())
        self.name = self.contract["identifier"]
        text = (folder / f"{self.name}_test_vectors.cc").read_text()
        arrays = {}
        for name, body in re.findall(r"const unsigned char (k\w+)\[\] = \{(.*?)\};", text, re.S):
            arrays[name] = np.array([int(byte, 16) for byte in re.findall(r"0x\w\w", body)], np.uint8)
        self.vectors = []
        for vector in range(len(re.findall(r"kInputs\d+\[\]", text))):
            layers = re.search(rf"kLayers{vector}\[\] = \{{(.*?)\n\}};", text, re.S)
            entries = re.findall(r"\{(\d+), (\d+), (\d+), 0x(\w+)u\}", layers[1] if layers else "")
            self.vectors.append({
                "inputs": [arrays[f"kInput{vector}_{index}"] for index in range(len(self.contract["inputs"]))],
                "outputs": [arrays[f"kOutput{vector}_{index}"] for index in range(len(self.contract["outputs"]))],
                "layers": [(int(a), int(b), int(c), int(d, 16)) for a, b, c, d in entries]})
        self.operators = sum(entry["count"] for entry in self.contract["operators"])

    def interpreter_layers(self):
        request = {"vectors": len(self.vectors), "inputs": len(self.contract["inputs"])}
        request["tensors"] = sorted({layer[1] for vector in self.vectors for layer in vector["layers"]})
        for number, vector in enumerate(self.vectors):
            request |= {f"in{number}_{place}": value for place, value in enumerate(vector["inputs"])}
        np.savez(self.folder / "request.npz", **request)
        command = [sys.executable, os.path.abspath(__file__), "--child", self.model, self.folder / "request.npz"]
        result = subprocess.run(list(map(str, command)), capture_output=True, text=True, errors="replace", timeout=300)
        if result.returncode:
            raise RuntimeError(f"tflite-micro ended with {result.returncode}: {result.stderr[-200:]}")
        with np.load(self.folder / "layers.npz") as layers:
            return {name: layers[name] for name in layers.files}


def compile(sources, target, folder):
    command = [shutil.which("g++"), *FLAGS, "-I", folder, *sources, "-o", target]
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"g++: {result.stderr[:400]}")


def driver(export, layers):
    """A program that plays the interpreter's layers, the one of its argument made wrong, and prints what was found."""
    writes, tensors, content = [], {}, []
    for number, vector in enumerate(export.vectors):
        for operator, tensor, size, _ in vector["layers"]:
            writes.append(f"{{{number}, {operator}, {tensor}, std::vector<unsigned char>({size})}}")
            content.append(layers[f"t{number}_{tensor}"])
            tensors[tensor] = size
    # Megabytes of numbers would take the compiler minutes.
    np.concatenate(content).tofile(export.folder / "layers.bin")
    # The fake's ports stand behind the layers' tensors; outputs are found by their bytes.
    base = max(tensors) + 1
    inputs = [base + place for place in range(len(export.contract["inputs"]))]
    sizes = [tensors.get(tensor, 1) for tensor in range(base)] + [port["bytes"] for port in export.contract["inputs"]]
    last = export.vectors[-1]
    outputs = []
    for value in last["outputs"]:
        holders = [t for _, t, _, _ in last["layers"] if np.array_equal(layers[f"t{len(export.vectors) - 1}_{t}"], value)]
        if not holders:
            raise RuntimeError("an expected output is in none of the interpreter's tensors")
        outputs.append(holders[-1])
    numbers = lambda values: ", ".join(map(str, values))
    count = max(layer[0] for layer in last["layers"]) + 1
    return f"""
        #include <cstdio>
        #include <cstdlib>
        #include "{export.name}_model.h"
        #include "{export.name}_io.h"
        #include "{export.name}_operators.h"
        #include "{export.name}_self_test.h"
        #include "tensorflow/lite/micro/micro_interpreter.h"
        namespace m = {export.name};
        stub::Script& stub::TheScript() {{
          static stub::Script script = {{{{{numbers(sizes)}}}, {{{numbers(inputs)}}}, {{{numbers(outputs)}}}, {count},
            {{{", ".join(writes)}}}, m::kArenaBytes, true}};
          return script;
        }}
        int main(int count, char** arguments) {{
          std::FILE* layers = std::fopen("{export.folder}/layers.bin", "rb");
          for (stub::Write& write : stub::TheScript().writes)
            if (std::fread(write.bytes.data(), 1, write.bytes.size(), layers) != write.bytes.size()) return 1;
          if (count > 1) {{
            const int wrong = std::atoi(arguments[1]);
            for (stub::Write& write : stub::TheScript().writes)
              if (write.operator_index == wrong) write.bytes[0] ^= 1;
          }}
          m::OpResolver resolver;
          const bool is_added = m::AddOperators(resolver) == kTfLiteOk && resolver.count() == m::OpResolver::kRoom;
          alignas(16) static std::uint8_t arena[m::kArenaBytes];
          const m::SelfTestResult result = m::SelfTest(arena, sizeof(arena));
          std::printf("RESULT %d %zu %d %d %d %d %d\\n", is_added, {export.name}_model_len, result.IsGood(), result.vectors,
                      result.layers, result.first_wrong_vector, result.first_wrong_operator);
          return 0;
        }}"""


def conversions(export):
    """A program that converts values of every quantized port, and what numpy makes of them."""
    values = np.random.default_rng(3).uniform(-1.5, 1.5, 200).astype(np.float32)
    lines, wanted = [], []
    for port in export.contract["inputs"] + export.contract["outputs"]:
        limits = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}.get(port["type"])
        if port["scale"] is None or not limits:
            continue
        scale, zero = np.float32(port["scale"]), port["zero_point"]
        raw = values * scale * np.float32(limits[1])
        quotient = raw / scale
        rounded = np.trunc(np.abs(quotient) + 0.5) * np.sign(quotient)
        # In float32 a half may be the result of the addition itself: numbers that close are left out.
        sure = np.abs(np.abs(quotient) % 1 - 0.5) > 1e-2
        for value, element in zip(raw[sure], np.clip(rounded[sure] + zero, *limits).astype(int)):
            lines.append(f'std::printf("%d ", int{{m::{port["c_name"]}::Quantize({float(value)!r}f)}});')
            wanted.append(str(element))
        for element in limits:
            lines.append(f'std::printf("%.9g ", double{{m::{port["c_name"]}::Dequantize({element})}});')
            wanted.append("%.9g" % (scale * np.float32(element - zero)))
    body = "\n".join(lines)
    return f'#include <cstdio>\n#include "{export.name}_io.h"\nnamespace m = {export.name};\nint main() {{\n{body}\nreturn 0;\n}}', wanted


def run(program, *arguments):
    return subprocess.run([str(program), *map(str, arguments)], capture_output=True, text=True, timeout=60).stdout


def problem_of(binary, model, folder):
    export = Export(binary, model, folder)
    layers = export.interpreter_layers()
    for number, vector in enumerate(export.vectors):
        if not vector["layers"]:
            return "no checksums of layers"
        for operator, tensor, size, checksum in vector["layers"]:
            data = layers[f"t{number}_{tensor}"]
            if len(data) != size or zlib.crc32(data.tobytes()) != checksum:
                return f"vector {number}, operator {operator}: not the interpreter's checksum"
    program, source = folder / "self_test", folder / "driver.cpp"
    source.write_text(driver(export, layers))
    compile([*sorted(folder.glob("*.cc")), source], program, folder)
    total = sum(len(vector["layers"]) for vector in export.vectors)
    good = f"RESULT 1 {model.stat().st_size} 1 {len(export.vectors)} {total} -1 -1"
    if good not in (text := run(program)):
        return f"self test: {text.strip()[-200:]}"
    for operator in {0, export.vectors[0]["layers"][-1][0]}:
        if not (text := run(program, operator)).strip().endswith(f" 0 {operator}"):
            return f"operator {operator} made wrong: {text.strip()[-200:]}"
    text, wanted = conversions(export)
    source.write_text(text)
    compile([source], program, folder)
    got = run(program).split()
    wrong = [(a, b) for a, b in zip(got, wanted) if a != b]
    return f"conversions: {wrong[:3]}" if wrong or len(got) != len(wanted) else None


def main():
    options = reference.arguments(__doc__.splitlines()[0], only="")
    binary = os.path.abspath(options.binary)
    tally = reference.Tally("firmware")
    models = [VECTORS / f"{name}.tflite" for name in NAMES]
    if reference.shared():
        # The float network has no layers with checksums: floats differ in their last bits.
        networks = sorted((reference.shared() / "corpus" / "reference_tflite").glob("*.tflite"))
        models += [network for network in networks if network.stem != "pretrainedResnet"]
    else:
        print("the published networks: skipped, EDGEOPT_SHARED is not set")
    models = [model for model in models if re.search(options.only, model.name)]
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(reference.WORKERS) as pool:
        def attempt(model):
            folder = pathlib.Path(scratch) / model.stem
            folder.mkdir()
            try:
                return problem_of(binary, model, folder)
            except Exception as error:
                return reference.first_line(error)

        for model, problem in zip(models, pool.map(attempt, models)):
            tally.check(model.name, problem)
    return tally.finish()


if __name__ == "__main__":
    if sys.argv[1] == "--child":
        child(sys.argv[2], sys.argv[3])
    else:
        sys.exit(main())
