#!/usr/bin/env python3
"""Evaluation of an int8 .tflite beside LiteRT: 10,000 images, all in one run.

usage: int8_speed.py BINARY [MODEL.tflite] [--data X.npy --labels Y.npy] [--pairs N]

edgeopt is measured as a whole process, from its start to the printed accuracy, reading the data included. LiteRT
(ai-edge-litert with XNNPACK; `Benchmarks/setup.sh` installs it) gets one image per call from an array that is ready in
its type, and only that loop is timed. Measurements are interleaved, so that a busy machine slows all alike; ratios are
those of the medians. The processor time of both stands beside, which other processes disturb less.

GMAC/s and requantizations per second stand beside what the micro-kernels reach with everything at hand (int8_peak.c). A
sum of two tensors counts as three requantizations per element, any other integer layer as one.

Without MODEL, EDGEOPT_SHARED gives the published int8 resnet8 and the CIFAR-10 test set.
"""
import argparse
import glob
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile


from bench import spread, timed

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent
THREADS = os.cpu_count() or 1
LITERT = os.environ.get("EDGEOPT_LITERT_PYTHON", REPOSITORY / ".venv-bench" / "litert" / "bin" / "python")
# The most that edgeopt may take of LiteRT's time: of the faster LiteRT with all threads, of LiteRT's with one.
LIMITS = {1: 1.5, THREADS: 1.0}

# LiteRT's loop, in a process of its own: model, inputs (.npy), threads. Prints what one image costs and the seconds.
LITERT_LOOP = """
import json, sys, time, numpy as np
from ai_edge_litert.interpreter import Interpreter
model, data, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
interpreter = Interpreter(model_path=model, num_threads=threads)
shape_of = {t["index"]: t["shape"] for t in interpreter.get_tensor_details()}
macs = requantizations = 0
for operator in interpreter._get_ops_details():
    count = int(np.prod(shape_of[operator["outputs"][0]])) if len(operator["outputs"]) else 0
    weights = shape_of[operator["inputs"][1]] if len(operator["inputs"]) > 1 else None
    if operator["op_name"] in ("CONV_2D", "FULLY_CONNECTED"):
        macs, requantizations = macs + count * int(np.prod(weights[1:])), requantizations + count
    elif operator["op_name"] == "DEPTHWISE_CONV_2D":
        macs, requantizations = macs + count * int(weights[1] * weights[2]), requantizations + count
    elif operator["op_name"] in ("ADD", "SUB"):
        requantizations += 3 * count
    elif operator["op_name"] == "MUL":
        requantizations += count
interpreter.allocate_tensors()
source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
scale, zero = source["quantization"]
x = np.load(data).astype(np.float32)
x = np.clip(np.round(x / np.float32(scale)) + zero, -128, 127).astype(np.int8).reshape(-1, *source["shape"])
def run(images):
    for image in images:
        interpreter.set_tensor(source["index"], image)
        interpreter.invoke()
        interpreter.get_tensor(target["index"])
run(x[:200])
wall, processor = time.perf_counter(), time.process_time()
run(x)
seconds = [time.perf_counter() - wall, time.process_time() - processor]
print(json.dumps({"macs": macs, "requantizations": requantizations, "images": len(x), "seconds": seconds}))
"""


def measured_peak(folder):
    """{threads: (GMAC/s, thousand million requantizations per second)} of the micro-kernels."""
    program, kernels = f"{folder}/int8_peak", REPOSITORY / "Sources" / "CKernels"
    flags = ["-O2", "-std=gnu11", "-ffp-contract=off", "-fno-math-errno", f"-I{kernels / 'include'}"]
    compiler = os.environ.get("CC", "clang")
    subprocess.run([compiler, *flags, "-o", program, str(HERE / "int8_peak.c"), *glob.glob(f"{kernels}/*.c"), "-lpthread",
                    "-lm"], check=True)
    return {t: tuple(map(float, timed([program, t])[3].split())) for t in sorted({1, THREADS})}


def measure(binary, model, data, labels, pairs):
    threads_used = sorted({1, THREADS})
    ours, theirs = {t: [] for t in threads_used}, {t: [] for t in threads_used}
    for _ in range(pairs):
        for threads in threads_used:
            command = [binary, "evaluate", model, "--data", data, "--labels", labels, "--threads", threads, "--quiet"]
            ours[threads].append(timed(command)[:2])
            cost = json.loads(timed([LITERT, "-c", LITERT_LOOP, model, data, threads])[3].splitlines()[-1])
            theirs[threads].append(cost["seconds"])
    return ours, theirs, cost


def median(runs, kind):
    return statistics.median(run[kind] for run in runs)


def table(ours, theirs, cost, peak):
    """The table's lines, and whether every limit holds."""
    lines = ["| threads | edgeopt, ms | LiteRT, ms | ratio | limit | edgeopt user+sys, ms | LiteRT user+sys, ms | GMAC/s of peak "
             "| 10^9 requantizations/s of peak | holds |", "|" + "---|" * 10]
    holds = True
    for threads, runs in ours.items():
        rivals = [1] if threads == 1 else list(theirs)
        rival = min(rivals, key=lambda t: median(theirs[t], 0))
        wall, ratio = median(runs, 0), median(runs, 0) / median(theirs[rival], 0)
        holds &= ratio <= LIMITS[threads]
        cell = lambda all_runs, kind: "{median:.0f} ({least:.0f}–{most:.0f})".format(
            **{k: v * 1000 for k, v in spread([run[kind] for run in all_runs]).items() if k != "runs"})
        rates = [cost[k] * cost["images"] / wall / 1e9 for k in ("macs", "requantizations")]
        lines.append(
            f"| {threads} | {cell(runs, 0)} | {cell(theirs[rival], 0)}, {rival} thread{'s' if rival > 1 else ''} | {ratio:.3f} | "
            f"{LIMITS[threads]:.2f} | {cell(runs, 1)} | {cell(theirs[rival], 1)} | {rates[0]:.0f} of {peak[threads][0]:.0f} | "
            f"{rates[1]:.2f} of {peak[threads][1]:.2f} | {'yes' if ratio <= LIMITS[threads] else 'NO'} |")
    return lines, holds


def main():
    shared = os.environ.get("EDGEOPT_SHARED")
    corpus = pathlib.Path(shared) / "corpus" if shared else None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("model", nargs="?", default=corpus and corpus / "reference_tflite" / "pretrainedResnet_quant.tflite")
    parser.add_argument("--data", default=corpus and corpus / "data" / "cifar10_test_x.npy")
    parser.add_argument("--labels", default=corpus and corpus / "data" / "cifar10_test_y.npy")
    parser.add_argument("--pairs", type=int, default=7)
    options = parser.parse_args()
    if not (options.model and options.data and options.labels):
        parser.error("MODEL, --data and --labels are needed where EDGEOPT_SHARED is not set")
    with tempfile.TemporaryDirectory() as folder:
        peak = measured_peak(folder)
        ours, theirs, cost = measure(os.path.abspath(options.binary), options.model, options.data, options.labels, options.pairs)
    print(f"{pathlib.Path(options.model).name}: {cost['images']} images of {cost['macs'] / 1e6:.2f} M multiply-adds and "
          f"{cost['requantizations'] / 1e3:.1f} k requantizations; median of {options.pairs} (least–most)\n")
    lines, holds = table(ours, theirs, cost, peak)
    print("\n".join(lines))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
