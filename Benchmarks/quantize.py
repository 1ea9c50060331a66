#!/usr/bin/env python3
"""Int8 quantization beside other tools, all in one run: accuracy, fidelity, file size, time and memory.

usage: quantize.py BINARY [--only REGEX] [--runs N] [--seeds N] [--tools REGEX] [--dry]

Each tool quantizes each model of the shared corpus (EDGEOPT_SHARED; without it the digits model of this repository) in
a process of its own, from the same calibration samples: the first 500. Wall time is that of the whole process, the
median of N interleaved runs; memory is its peak. `Benchmarks/setup.sh` installs the other tools; those that are not
installed are left out.

Accuracy is on the whole test set, and the signal to noise ratio (SQNR) of the outputs is against ONNX Runtime on the
float model. A .tflite is measured in the arithmetic of TensorFlow Lite Micro: in edgeopt's integer executor, whose
bytes Tests/Reference/quantize.py holds against the interpreter's, or else in that interpreter on the first 1,000
samples. A QDQ model is measured in ONNX Runtime.

Prints the tables and writes them to README.md (unless --dry).
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent
sys.path.insert(0, str(REPOSITORY / "Tests" / "Reference"))

import corpus  # noqa: E402
import micro  # noqa: E402
import reference  # noqa: E402

SAMPLES = 500
FALLBACK_SAMPLES = 1000
ENVIRONMENTS = pathlib.Path(os.environ.get("EDGEOPT_BENCH_TOOLS", REPOSITORY / ".venv-bench"))


# --- Tools

class Case:
    """One model with its calibration samples, prepared for tools that take arrays in the model's own layout."""

    def __init__(self, model, folder):
        self.model, self.folder = model, folder
        self.prepared = folder / f"{model.name}.calib.npy"
        np.save(self.prepared, model.samples(model.calibration, SAMPLES))
        session = reference.session(model.path)
        port = session.get_inputs()[0]
        self.input, self.shape = port.name, [extent if isinstance(extent, int) else 1 for extent in port.shape]

    def file(self, ending):
        return self.folder / f"{self.model.name}.{ending}"


class Tool:
    """A way to quantize: `command` gives the words, and where the result will be."""

    def __init__(self, name, command, interpreter=None):
        self.name, self.command, self.interpreter = name, command, interpreter

    @property
    def is_installed(self):
        return self.interpreter is None or pathlib.Path(self.interpreter).exists()


def edgeopt(binary, *more):
    def command(case):
        out = case.file("edgeopt.tflite")
        return [binary, "quantize", case.model.path, "--calib", case.model.calibration, "-o", out, "--force", "--quiet",
                *case.model.arguments, *more], out
    return command


def onnx_runtime(method):
    def command(case):
        out = case.file("ort.onnx")
        return [sys.executable, HERE / "tools" / "quantize_onnxruntime.py", case.model.path, case.prepared, out, method], out
    return command


def onnx2tf(program, backend):
    def command(case):
        folder, copy = case.file(backend), case.folder / f"copy.{case.model.name}.onnx"
        copy.write_bytes(case.model.path.read_bytes())  # it writes its simplified graph over its input
        unit = ["[[[[0]]]]", "[[[[1]]]]"]
        shape = ["-b", "1"] if case.model.name.endswith(("large", "dynbatch")) else []
        return [program, "-i", copy, "-o", folder, "-oiqt", "-iqd", "int8", "-oqd", "int8", "-tb", backend, "-kat", case.input,
                *shape, "-cind", case.input, case.prepared, *unit], folder / f"{copy.stem}_full_integer_quant.tflite"
    return command


def ai_edge(interpreter):
    def command(case):
        out = case.file("aeq.tflite")
        floats = [case.file(b) / f"copy.{case.model.name}_float32.tflite" for b in ("flatbuffer_direct", "tf_converter")]
        found = next((path for path in floats if path.exists()), floats[0])
        return [interpreter, HERE / "tools" / "quantize_ai_edge.py", found, case.prepared, out], out
    return command


def tools(binary):
    python = lambda name: ENVIRONMENTS / name / "bin" / "python"
    program = lambda name: ENVIRONMENTS / name / "bin" / "onnx2tf"
    return [
        Tool("edgeopt", edgeopt(binary)),
        Tool("edgeopt minmax", edgeopt(binary, "--calib-method", "minmax")),
        Tool("ONNX Runtime", onnx_runtime("MinMax")),
        Tool("onnx2tf direct", onnx2tf(program("onnx2tf"), "flatbuffer_direct"), program("onnx2tf")),
        Tool("onnx2tf TensorFlow", onnx2tf(program("tensorflow"), "tf_converter"), program("tensorflow")),
        Tool("ai-edge-quantizer", ai_edge(python("quantizer")), python("quantizer")),
    ]


def timed(command, limit=600):
    """(wall seconds, peak MB, what went wrong or None) of a process."""
    with tempfile.TemporaryDirectory() as folder:
        launcher = [sys.executable, "-S", "-E", HERE / "tools" / "timed.py", f"{folder}/result", limit]
        done = subprocess.run(list(map(str, [*launcher, *command])), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder,
                              env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
        wall, peak, code = map(float, pathlib.Path(f"{folder}/result").read_text().split())
    lines = done.stdout.decode(errors="replace").strip().splitlines()
    return wall, peak / 1e6, (lines[-1] if lines else f"code {code:.0f}")[:160] if code else None


# --- What a result is worth

def float_outputs(model, path, x):
    session = reference.session(path, threads=reference.WORKERS)
    name = session.get_inputs()[0].name
    return np.stack([session.run(None, {name: sample[None]})[0][0] for sample in x])


def tflite_outputs(binary, model, path, folder):
    """Dequantized outputs for the test samples, in edgeopt's executor, or in the interpreter for the first of them."""
    ports = json.loads(reference.call(binary, ["inspect", path, "--json"]))
    port = ports["outputs"][0]
    try:
        out = folder / f"outputs.{path.stem}"
        command = ["evaluate", path, "--data", model.test, *model.arguments, "--outputs", out, "--force", "--quiet"]
        reference.call(binary, command, timeout=900)
        return dequantized(np.load(out / reference.file_name(port["name"])), port)
    except reference.EdgeoptError as error:
        print(f"    {path.name}: {reference.first_line(error)}", flush=True)
    try:
        given = ports["inputs"][0]
        x = model.samples(model.test, FALLBACK_SAMPLES)
        if x[0].size == np.prod(given["shape"]) and x.ndim == 4 and list(x.shape[1:]) != given["shape"][1:]:
            x = x.transpose(0, 2, 3, 1)
        scaled = np.round(x.reshape(len(x), *given["shape"]) / np.float32(given["scale"])) + given["zero_point"]
        outputs, _ = micro.run(path, [np.clip(scaled, -128, 127).astype(np.int8)], timeout=900)
        return dequantized(outputs[0], port)
    except (micro.MicroFailure, subprocess.TimeoutExpired) as error:
        print(f"    {path.name}: {reference.first_line(error)}", flush=True)
        return None


def dequantized(values, port):
    if not port.get("scale"):
        return values.astype(np.float64)
    return (values.astype(np.float64) - port["zero_point"]) * port["scale"]


def sqnr(got, wanted):
    wanted = wanted[:len(got)]
    got, wanted = got.reshape(len(got), -1).astype(np.float64), wanted.reshape(len(got), -1).astype(np.float64)
    noise = ((got - wanted) ** 2).sum()
    return 10 * np.log10((wanted ** 2).sum() / noise) if noise else np.inf


def share(outputs, labels):
    return float((outputs.reshape(len(outputs), -1).argmax(axis=1) == labels[:len(outputs)]).mean())


def psnr(outputs, wanted):
    error = ((outputs.reshape(len(outputs), -1) - wanted[:len(outputs)].reshape(len(outputs), -1)) ** 2).mean(axis=1)
    return float((10 * np.log10(1 / error)).mean())


class Judge:
    """What the results of one model's tools are measured against."""

    def __init__(self, binary, case):
        self.binary, self.case, model = binary, case, case.model
        self.x = model.samples(model.test) if model.test else None
        self.labels = np.load(model.labels) if model.labels else None
        self.wanted = float_outputs(model, model.path, self.x) if model.test else None

    def quality(self, outputs):
        """(accuracy as text, SQNR) of outputs."""
        if self.labels is None:
            return "–", sqnr(outputs, self.wanted)
        if self.labels.ndim > 1:
            return f"{psnr(outputs, self.labels / 255):.2f} dB", sqnr(outputs, self.wanted)
        return f"{share(outputs, self.labels):.2%}", sqnr(outputs, self.wanted)

    def judge(self, path):
        if self.x is None:
            return "–", None
        if path.suffix == ".onnx":
            return self.quality(float_outputs(self.case.model, path, self.x))
        outputs = tflite_outputs(self.binary, self.case.model, path, self.case.folder)
        return self.quality(outputs) if outputs is not None else ("does not run", None)


def runs_in_micro(path):
    """Whether tflite-micro runs the file, on one sample of zeros."""
    script = ("import sys; from tflite_micro.python.tflite_micro import runtime; import numpy as np\n"
              "i = runtime.Interpreter.from_file(sys.argv[1], arena_size=64 << 20); d = i.get_input_details(0)\n"
              "i.set_input(np.zeros(d['shape'], d['dtype']), 0); i.invoke()")
    return subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True).returncode == 0


# --- Tables

def measure(binary, case, chosen, runs):
    """Markdown rows of one model, one for each tool; and (wall, peak) by tool."""
    judge = Judge(binary, case)
    walls, peaks, failures, files = {}, {}, {}, {}
    for run in range(runs):
        for tool in chosen:
            if tool.name in failures:
                continue
            command, files[tool.name] = tool.command(case)
            wall, peak, failure = timed(command)
            if failure is None and not files[tool.name].exists():
                failure = "made no file"
            if failure:
                failures[tool.name] = failure
            walls.setdefault(tool.name, []).append(wall)
            peaks.setdefault(tool.name, []).append(peak)
            if run == 0 and not failure:
                files[tool.name] = files[tool.name].rename(case.folder / f"{tool.name.replace(' ', '_')}{files[tool.name].suffix}")
                files[tool.name, "kept"] = files[tool.name]
    before = judge.quality(judge.wanted)[0] if judge.wanted is not None else "–"
    rows = []
    for tool in chosen:
        cost = [f"{statistics.median(walls[tool.name]):.2f} s", f"{max(peaks[tool.name]):.0f} MB"]
        if tool.name in failures:
            print(f"    {tool.name}: {failures[tool.name]}", flush=True)
            rows.append([case.model.name, before, tool.name, "fails", "", "", *cost, ""])
            continue
        path = files[tool.name, "kept"]
        accuracy, ratio = judge.judge(path)
        takes = "–" if path.suffix == ".onnx" else "yes" if runs_in_micro(path) else "NO"
        rows.append([case.model.name, before, tool.name, accuracy, f"{ratio:.1f} dB" if ratio is not None else "–",
                     f"{path.stat().st_size / 1000:.0f} kB", *cost, takes])
        print("  " + " | ".join(rows[-1]), flush=True)
    return rows, {name: (statistics.median(walls[name]), max(peaks[name])) for name in walls if name not in failures}


def costs(costs_by_tool, binary, case):
    """What the cost may be, as rows; on the classifier that the limits are about."""
    ours, auto = costs_by_tool.get("edgeopt minmax"), costs_by_tool.get("edgeopt")
    others = {name: cost for name, cost in costs_by_tool.items() if not name.startswith("edgeopt")}
    rows = []

    def row(what, value, limit, unit):
        rows.append([what, f"{value:.3f}{unit}", f"{limit:.3f}{unit}", "yes" if value <= limit else "NO"])

    if ours and "ONNX Runtime" in others:
        row("wall of minmax, of ONNX Runtime's", ours[0] / others["ONNX Runtime"][0], 1 / 3, "")
    if ours and "onnx2tf direct" in others:
        row("wall of minmax, of onnx2tf's (direct)", ours[0] / others["onnx2tf direct"][0], 1 / 10, "")
    smaller = [others[name][1] for name in ("ONNX Runtime", "onnx2tf direct") if name in others]
    if ours and smaller:
        row("peak of minmax, of the smaller one's", ours[1] / min(smaller), 1 / 3, "")
    if ours and auto:
        row("wall of auto, of our minmax", auto[0] / ours[0], 2, "")
        row("peak of auto, of our minmax", auto[1] / ours[1], 1.5, "")
    calibration = np.load(case.model.calibration)
    many = case.folder / "many.npy"
    np.save(many, np.tile(calibration[:SAMPLES], (10,) + (1,) * (calibration.ndim - 1)))
    peaks = []
    # Of one file, so that the number of samples is all that differs.
    for count in (SAMPLES, 10 * SAMPLES):
        command = [binary, "quantize", case.model.path, "--calib", many, "--samples", count, "-o", case.file("m.tflite"), "--force",
                   "--quiet", *case.model.arguments]
        peaks.append(timed(command)[1])
    row(f"peak of {10 * SAMPLES:,} samples beyond that of {SAMPLES}", peaks[1] - peaks[0], 5, " MB")
    return rows


def seeds(binary, case, count):
    """Accuracy with calibration on the first samples, and on random ones with each seed."""
    results = []
    for seed in [None, *range(count)]:
        out = case.file("seed.tflite")
        chosen = ["--samples", SAMPLES, "--seed", seed] if seed is not None else []
        command = [binary, "quantize", case.model.path, "--calib", case.model.calibration, "-o", out, "--force", "--quiet",
                   *case.model.arguments, *chosen]
        _, _, failure = timed(command)
        if failure:
            sys.exit(f"seed {seed}: {failure}")
        command = ["evaluate", out, "--data", case.model.test, "--labels", case.model.labels, "--json", *case.model.arguments]
        results.append(json.loads(reference.call(binary, command, timeout=600))["quality"]["before"]["value"])
    first, *random = results
    row = [case.model.name, f"{first:.2%}", *(f"{value:.2%}" for value in random)]
    return row + ([f"{statistics.median(random):.2%}", f"{min(random):.2%}"] if random else [])


def markdown(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(row) + " |" for row in rows)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--only", default="")
    parser.add_argument("--tools", default="")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--dry", action="store_true")
    options = parser.parse_args()
    binary = os.path.abspath(options.binary)
    chosen = [tool for tool in tools(binary) if tool.is_installed and re.search(options.tools, tool.name)]
    for tool in tools(binary):
        if not tool.is_installed:
            print(f"{tool.name} is not installed (Benchmarks/setup.sh) and left out")
    rows, limits, seeded = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        models = corpus.models(reference.shared(), folder) if reference.shared() else [corpus.digits()]
        main_model = "mlperf_resnet8" if reference.shared() else "digits_cnn"
        for model in models:
            if not re.search(options.only, model.name):
                continue
            print(model.name, flush=True)
            place = folder / model.name
            place.mkdir()
            case = Case(model, place)
            made, cost = measure(binary, case, chosen, options.runs)
            rows += made
            if model.name == main_model:
                limits = costs(cost, binary, case)
                seeded.append(seeds(binary, case, options.seeds))
    report(rows, limits, seeded, options)
    return 0


def report(rows, limits, seeded, options):
    parts = [markdown(["model", "float", "tool", "int8", "SQNR", "file", "wall", "peak", "TFLM runs it"], rows)]
    if limits:
        parts.append(markdown(["cost", "measured", "limit", "holds"], limits))
    if seeded:
        head = ["model", f"first {SAMPLES}", *(f"seed {seed}" for seed in range(options.seeds))]
        parts.append(markdown(head + (["median", "worst"] if options.seeds else []), seeded))
    text = "\n\n".join(parts)
    print("\n" + text)
    if options.dry or options.only or options.tools:
        return
    machine = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    readme, begin, end = HERE / "README.md", "<!-- quantized -->\n", "<!-- quantized end -->"
    whole = readme.read_text()
    made = f"\nMeasured {time.strftime('%Y-%m-%d')} on {machine}, {os.cpu_count()} hardware threads; wall is the median of {options.runs} runs.\n\n{text}\n\n"
    readme.write_text(whole.split(begin)[0] + begin + made + end + whole.split(end)[1])


if __name__ == "__main__":
    sys.exit(main())
