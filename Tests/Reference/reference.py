"""What the reference tests share: running a model through edgeopt or ONNX Runtime, comparing, counting."""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import tempfile
import time

import numpy as np
import onnx
import onnxruntime

onnxruntime.set_default_logger_severity(4)

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
DIGITS = REPOSITORY / "Calibration" / "digits"
WORKERS = os.cpu_count() or 2


def shared():
    """The folder of real models and data, where there is one."""
    folder = os.environ.get("EDGEOPT_SHARED")
    return pathlib.Path(folder) if folder else None


def arguments(description, **options):
    """The command line of a reference test: the binary (or `ort`, to check the test itself) and its options."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("binary", help="the edgeopt program, or 'ort' to run ONNX Runtime in its place")
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if isinstance(value, bool):
            parser.add_argument(flag, action="store_true")
        else:
            parser.add_argument(flag, default=value, type=type(value) if value is not None else str)
    return parser.parse_args()


class EdgeoptError(Exception):
    """edgeopt ended with another code than 0."""

    def __init__(self, code, message):
        super().__init__(f"exit code {code}: {message}")
        self.code = code


def file_name(tensor):
    """The name of an output's file as `edgeopt run` writes it."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", tensor) + ".npy"


def call(binary, arguments, timeout=120, environment=None):
    """Runs edgeopt; returns its standard output."""
    result = subprocess.run(
        [binary, *map(str, arguments)], capture_output=True, text=True, errors="replace", timeout=timeout,
        env={**os.environ, **(environment or {})},
    )
    if result.returncode:
        raise EdgeoptError(result.returncode, (result.stderr or result.stdout).strip())
    return result.stdout


def run_edgeopt(binary, model, feeds, outputs, arguments=(), environment=None):
    """The outputs of `edgeopt run` on a model file."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["run", model, "--output-dir", f"{folder}/out", *arguments]
        for index, (name, value) in enumerate(feeds.items()):
            file = f"{folder}/input_{index}.npy"
            np.save(file, value)
            command += ["--input", f"{name}={file}"]
        call(binary, command, environment=environment)
        return [np.load(f"{folder}/out/{file_name(name)}") for name in outputs]


def session(model, threads=1):
    """An ONNX Runtime session of a file or a ModelProto."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    source = model.SerializeToString() if isinstance(model, onnx.ModelProto) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def run_ort(model, feeds):
    return session(model).run(None, feeds)


def runner(binary):
    """run(model file, feeds, output names) through the chosen program."""
    if binary == "ort":
        return lambda model, feeds, outputs: run_ort(model, feeds)
    binary = os.path.abspath(binary)
    return lambda model, feeds, outputs: run_edgeopt(binary, model, feeds, outputs)


def difference(got, wanted, relative=1e-4):
    """What is wrong with an output, or None.

    Integers and booleans must be equal. Floats may be off by `relative` of the wanted output's range (its largest
    finite magnitude, at least 1e-3 so that outputs near zero do not ask for more than float32 gives).
    """
    got, wanted = np.asarray(got), np.asarray(wanted)
    if got.shape != wanted.shape:
        return f"shape {list(got.shape)} instead of {list(wanted.shape)}"
    if got.dtype != wanted.dtype:
        return f"type {got.dtype} instead of {wanted.dtype}"
    if wanted.size == 0:
        return None
    if wanted.dtype.kind != "f":
        wrong = int((got != wanted).sum())
        return f"{wrong} of {wanted.size} elements differ" if wrong else None
    finite = np.isfinite(wanted)
    if not np.array_equal(finite, np.isfinite(got)):
        return "infinities or NaNs at other places"
    if not np.array_equal(got[~finite], wanted[~finite], equal_nan=True):
        return "other infinities or NaNs"
    got, wanted = got[finite].astype(np.float64), wanted[finite].astype(np.float64)
    if wanted.size == 0:
        return None
    allowed = relative * max(np.abs(wanted).max(), 1e-3)
    error = np.abs(got - wanted).max()
    return f"off by {error:.3g}, allowed {allowed:.3g}" if error > allowed else None


def in_parallel(function, items):
    """function over items in as many threads as there are processors, results in order."""
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(function, items))


class Tally:
    """Counts checks and prints what failed; its `finish` is the exit code of the test."""

    def __init__(self, name):
        self.name = name
        self.passed = self.failed = self.skipped = 0
        self.started = time.time()

    def check(self, name, problem):
        """Counts one check: `problem` is None, or what is wrong."""
        if problem is None:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAIL {name}: {problem}", flush=True)
        return problem is None

    def attempt(self, name, function):
        """Counts `function`, which returns None or what is wrong, or raises."""
        try:
            return self.check(name, function())
        except Exception as error:
            return self.check(name, first_line(error))

    def skip(self, name, reason):
        self.skipped += 1
        print(f"skip {name}: {reason}")

    def finish(self):
        print(f"{self.name}: {time.time() - self.started:.0f} s")
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.name}: {self.passed} passed, {self.failed} failed{skipped}")
        return 1 if self.failed else 0


def first_line(error):
    text = " ".join(str(error).split())
    return (text or type(error).__name__)[:240]
