#!/usr/bin/env python3
"""Measures edgeopt beside ONNX Runtime, prints a table, and writes results.json and the table of README.md.

usage: bench.py BINARY [--pairs N] [--only REGEX] [--dry]

Every comparison is made of interleaved pairs in one run, so that a busy machine slows both alike; the ratio is that
of the medians. ONNX Runtime gets the same number of threads, its own process, and only its loop is timed. With
EDGEOPT_SHARED set, the models and images are real; otherwise models and data of this repository stand in.
--dry prints, and writes nothing.
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
import onnx

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent
DIGITS = REPOSITORY / "Calibration" / "digits"
SHARED = os.environ.get("EDGEOPT_SHARED")
CORPUS = pathlib.Path(SHARED) / "corpus" if SHARED else None
THREADS = os.cpu_count() or 1
IMAGES, FEW_IMAGES, ORT_BATCH = 10_000, 100, 32
LIMITS = {"resnet8": 1.0, "mobilenet_v2": 1.1, "resnet50": 1.1, "startup": 0.030, "memory": 20.0}


# --- Processes

def timed(command):
    """(wall seconds, user+system seconds, peak MB, standard output) of a process."""
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(list(map(str, command)), stdout=output, stderr=subprocess.PIPE)
        message = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode()
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}: {message.decode().strip()}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text


# The loop of ONNX Runtime, in a process of its own: model, inputs (.npy), threads, repetitions, batch (0: all at once).
ORT_LOOP = """
import sys, time, numpy as np, onnxruntime as ort
model, data, threads, repetitions, batch = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
options = ort.SessionOptions()
options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
name = session.get_inputs()[0].name
x = np.load(data).astype(np.float32)
batches = [x[i:i + batch] for i in range(0, len(x), batch)] if batch else [x]
for some in batches[:3]:
    session.run(None, {name: some})
for repetition in range(repetitions):
    wall, cpu = time.perf_counter(), time.process_time()
    for some in batches:
        session.run(None, {name: some})
    print(time.perf_counter() - wall, time.process_time() - cpu)
"""


def ort_loop(model, data, threads, repetitions=1, batch=0):
    """[(wall, cpu)] of ONNX Runtime's loop, one per repetition."""
    text = timed([sys.executable, "-c", ORT_LOOP, model, data, threads, repetitions, batch])[3]
    return [tuple(map(float, line.split())) for line in text.splitlines()]


def edgeopt_loop(binary, model, name, data, threads, repetitions):
    """[(wall, cpu)] of edgeopt's runs of a loaded model."""
    with tempfile.TemporaryDirectory() as folder:
        text = timed([binary, "run", model, "--input", f"{name}={data}", "--output-dir", folder, "--threads", threads,
                      "--repeat", repetitions, "--json"])[3]
    return [(run["seconds"], run["processor_seconds"]) for run in json.loads(text)["runs"]]


# --- Numbers

def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values), "runs": len(values)}


def measured_peak(folder):
    """GFLOP/s that fused multiply-adds reach with one thread and with all, or None without a C compiler."""
    program = f"{folder}/peak"
    for compiler in (os.environ.get("CC"), "clang", "cc"):
        if compiler and subprocess.run(["which", compiler], capture_output=True).returncode == 0:
            if subprocess.run([compiler, "-O2", "-o", program, str(HERE / "peak.c"), "-lpthread"]).returncode == 0:
                best = {}
                for threads in (1, THREADS):
                    best[threads] = max(float(timed([program, threads])[3]) for _ in range(3))
                return best
    return None


def macs_of(binary, model):
    return json.loads(timed([binary, "inspect", model, "--json"])[3])["macs"]


class Table:
    def __init__(self):
        self.rows, self.results = [], []

    def add(self, name, ours, theirs, limit, unit="ms", macs=None, peak=None, **more):
        """A comparison of [(wall, cpu)] lists; `limit` is the largest ratio that is good."""
        wall, cpu = (spread([run[k] for run in ours]) for k in (0, 1))
        ort_wall, ort_cpu = (spread([run[k] for run in theirs]) for k in (0, 1))
        ratio = wall["median"] / ort_wall["median"]
        rate = 2 * macs / wall["median"] / 1e9 if macs else None
        good = ratio <= limit
        self.results.append({
            "name": name, "edgeopt": {"wall": wall, "processor": cpu}, "onnxruntime": {"wall": ort_wall, "processor": ort_cpu},
            "ratio": ratio, "processor_ratio": cpu["median"] / ort_cpu["median"], "limit": limit, "good": good,
            "gflops": rate, "onnxruntime_gflops": 2 * macs / ort_wall["median"] / 1e9 if macs else None, "peak_gflops": peak, **more,
        })
        scale = 1000
        cell = lambda s: f"{s['median'] * scale:.1f} ({s['least'] * scale:.1f}–{s['most'] * scale:.1f})"
        self.rows.append([
            name, cell(wall), cell(ort_wall), f"{ratio:.3f}", f"{limit:.2f}", cell(cpu), cell(ort_cpu),
            f"{rate:.0f} of {peak:.0f}" if rate and peak else "–", "yes" if good else "NO",
        ])
        print("  " + " | ".join(self.rows[-1]), flush=True)

    def add_value(self, name, value, limit, unit, **more):
        good = value <= limit
        self.results.append({"name": name, "value": value, "limit": limit, "unit": unit, "good": good, **more})
        self.rows.append([name, f"{value:.1f} {unit}", "–", "–", f"{limit:.0f} {unit}", "–", "–", "–", "yes" if good else "NO"])
        print("  " + " | ".join(self.rows[-1]), flush=True)

    def markdown(self):
        head = ["measurement", "edgeopt, ms", "ONNX Runtime, ms", "ratio", "limit", "edgeopt user+sys, ms",
                "ONNX Runtime user+sys, ms", "GFLOP/s of FMA peak", "holds"]
        lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in self.rows])


# --- Models and data

def with_batch(source, batch, target):
    """A copy of a model whose inputs and outputs have another batch extent (an int, or a name for a free one)."""
    model = onnx.load(str(source))
    for value in (*model.graph.input, *model.graph.output):
        extent = value.type.tensor_type.shape.dim[0]
        extent.Clear()
        if isinstance(batch, str):
            extent.dim_param = batch
        else:
            extent.dim_value = batch
    del model.graph.value_info[:]
    onnx.save(model, str(target))
    return target


def image_classifier(folder):
    """(title, model, model with a free batch, prepared inputs for ONNX Runtime, edgeopt's data arguments, few of them)."""
    if CORPUS:
        model = CORPUS / "models" / "mlperf_resnet8.onnx"
        x, y = (np.load(CORPUS / "data" / f"cifar10_test_{k}.npy") for k in "xy")
        title, prepared, preparation = "resnet8, 10,000 CIFAR-10 images", x, []
    else:
        model = DIGITS / "digits_cnn.onnx"
        x, y = (np.load(DIGITS / f"test_{k}.npy") for k in "xy")
        times = -(-IMAGES // len(x))
        x, y = np.tile(x, (times, 1, 1))[:IMAGES], np.tile(y, times)[:IMAGES]
        title, prepared, preparation = "digits CNN, 10,000 images", x[:, None] / np.float32(16), ["--scale", "1/16"]
    np.save(f"{folder}/prepared.npy", prepared)
    arguments = []
    for count in (IMAGES, FEW_IMAGES):
        np.save(f"{folder}/x{count}.npy", x[:count])
        np.save(f"{folder}/y{count}.npy", y[:count])
        arguments.append(["--data", f"{folder}/x{count}.npy", "--labels", f"{folder}/y{count}.npy", *preparation])
    free = with_batch(model, "N", f"{folder}/free.onnx")
    return title, model, free, f"{folder}/prepared.npy", *arguments


# --- Measurements

def measure_classifier(table, binary, folder, pairs, peak):
    title, model, free, prepared, data, few = image_classifier(folder)
    command = [binary, "evaluate", model, "--threads", THREADS, "--quiet"]
    ours, theirs = [], {threads: [] for threads in {1, THREADS}}
    for _ in range(pairs):
        ours.append(timed([*command, *data])[:2])
        for threads, runs in theirs.items():
            runs += ort_loop(free, prepared, threads, batch=ORT_BATCH)
    fastest = min(theirs, key=lambda threads: statistics.median(run[0] for run in theirs[threads]))
    table.add(f"{title}: whole process, against the loop of ONNX Runtime ({fastest} threads)", ours, theirs[fastest],
              LIMITS["resnet8"], macs=macs_of(binary, model) * IMAGES, peak=peak and peak[THREADS], threads=THREADS,
              onnxruntime_threads=fastest)
    many = [timed([*command, *data])[2] for _ in range(3)]
    less = [timed([*command, *few])[2] for _ in range(3)]
    table.add_value("peak memory of 10,000 images beyond that of 100", statistics.median(many) - statistics.median(less),
                    LIMITS["memory"], "MB", many=spread(many), few=spread(less))


def measure_model(table, binary, folder, pairs, peak, title, model, batch, limit):
    name = onnx.load(str(model), load_external_data=False).graph.input[0].name
    copy = with_batch(model, batch, f"{folder}/{title}_{batch}.onnx")
    data = f"{folder}/{title}_{batch}.npy"
    np.save(data, np.random.default_rng(batch).standard_normal((batch, 3, 224, 224)).astype(np.float32))
    repetitions = 20 if batch == 1 else 5
    macs = macs_of(binary, with_batch(model, 1, f"{folder}/{title}_one.onnx")) * batch
    for threads in sorted({1, THREADS}):
        ours, theirs = [], []
        for _ in range(pairs):
            # The first repetitions of a process warm its caches; the median of the rest is one measurement.
            for runs, all_runs in ((edgeopt_loop(binary, copy, name, data, threads, repetitions), ours),
                                   (ort_loop(copy, data, threads, repetitions), theirs)):
                settled = runs[len(runs) // 4:]
                all_runs.append(tuple(statistics.median(run[k] for run in settled) for k in (0, 1)))
        table.add(f"{title}, batch {batch}, {threads} thread{'s' if threads > 1 else ''}", ours, theirs, limit, macs=macs,
                  peak=peak and peak[threads], threads=threads)


def measure_startup(table, binary):
    model = CORPUS / "models" / "mlperf_kws_dscnn.onnx" if CORPUS else DIGITS / "digits_cnn.onnx"
    walls = [timed([binary, "inspect", model])[0] * 1000 for _ in range(25)]
    table.add_value(f"inspect of a {model.stat().st_size / 1000:.0f} kB model, whole process", statistics.median(walls),
                    LIMITS["startup"] * 1000, "ms", times=spread(walls))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--only", default="", help="classifier, mobilenet, resnet50 or startup")
    parser.add_argument("--dry", action="store_true")
    options = parser.parse_args()
    binary = os.path.abspath(options.binary)
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        peak = measured_peak(folder)
        if peak:
            print("FMA peak: " + ", ".join(f"{rate:.0f} GFLOP/s with {threads} threads" for threads, rate in peak.items()))
        wanted = lambda name: re.search(options.only, name)
        if wanted("startup"):
            measure_startup(table, binary)
        if wanted("classifier"):
            measure_classifier(table, binary, folder, options.pairs, peak)
        if wanted("mobilenet") and CORPUS:
            for batch in (1, 8):
                measure_model(table, binary, folder, options.pairs, peak, "mobilenet_v2",
                              CORPUS / "models" / "large_mobilenet_v2.onnx", batch, LIMITS["mobilenet_v2"])
        if wanted("resnet50"):
            subprocess.run([sys.executable, REPOSITORY / "Scripts" / "make_resnet50.py", f"{folder}/resnet50.onnx"], check=True)
            for batch in (1, 8):
                measure_model(table, binary, folder, options.pairs, peak, "resnet50", f"{folder}/resnet50.onnx", batch,
                              LIMITS["resnet50"])
    report(table, peak, binary, options)
    return 0 if all(result["good"] for result in table.results) else 1


def report(table, peak, binary, options):
    import onnxruntime

    version = timed([binary, "--version", "--verbose"])[3].strip()
    machine = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    print("\n" + table.markdown())
    if options.dry or options.only:
        return
    results = {
        "machine": machine, "threads": THREADS, "edgeopt": version, "onnxruntime": onnxruntime.__version__,
        "date": time.strftime("%Y-%m-%d"), "peak_gflops": peak, "results": table.results,
    }
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    readme = HERE / "README.md"
    text = readme.read_text()
    peaks = ", ".join(f"{rate:.0f} GFLOP/s with {threads} thread{'s' if threads > 1 else ''}" for threads, rate in (peak or {}).items())
    made = (f"Measured {results['date']} on {machine}, {THREADS} hardware threads, beside ONNX Runtime {results['onnxruntime']}. "
            f"Fused multiply-add peak: {peaks}. Median of {options.pairs} pairs (least–most).\n\n{table.markdown()}\n")
    begin, end = "<!-- measured -->\n", "<!-- end -->"
    before, after = text.split(begin)[0], text.split(end)[1]
    readme.write_text(before + begin + "\n" + made + "\n" + end + after)


if __name__ == "__main__":
    sys.exit(main())
