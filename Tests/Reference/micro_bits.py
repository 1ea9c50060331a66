#!/usr/bin/env python3
"""Random .tflite models of one operator each through `edgeopt run`, compared with the TensorFlow Lite Micro interpreter.

usage: micro_bits.py BINARY [--only REGEX] [--per-operator N] [--seed N] [--keep DIR]

Each model is drawn from its own seed: types, shapes, scales, options, and which operands are constants. Those named
`_every_number` sweep all 256 numbers of int8, those named `_every_pair` all pairs. A draw that the interpreter refuses is drawn
again. Integers must be the same bytes; floats may differ by each generator's tolerance, since exp and its kin are not
the same function on every machine. --keep writes failing models and inputs.
"""
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zlib

import numpy as np

import reference
from device import GENERATORS, Draw, Rejected

ATTEMPTS = 40


def interpret(folder):
    """Runs every model of a folder in the interpreter, which may abort the process; writes what it gave or why not."""
    import micro  # noqa: F401 - the interpreter comes with it
    from tflite_micro.python.tflite_micro import runtime

    for path in sorted(pathlib.Path(folder).glob("*.tflite")):
        done = path.with_suffix(".out.npz")
        if done.exists() or path.with_suffix(".refused").exists():
            continue
        path.with_suffix(".refused").write_text("it aborted")
        with np.load(path.with_suffix(".in.npz")) as stored:
            values = [stored[f"in{index}"] for index in range(len(stored.files))]
        try:
            interpreter = runtime.Interpreter.from_bytes(path.read_bytes(), arena_size=4 << 20)
            for index, value in enumerate(values):
                interpreter.set_input(value, index)
            interpreter.invoke()
            count = int(path.with_suffix(".count").read_text())
            np.savez(done, *[np.array(interpreter.get_output(index)) for index in range(count)])
            path.with_suffix(".refused").unlink()
        except Exception as error:
            path.with_suffix(".refused").write_text(str(error))


def interpret_all(folder):
    """Starts the interpreter again after the model that ended it."""
    for _ in range(1000):
        result = subprocess.run(
            [sys.executable, __file__, "--interpret", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if result.returncode == 0:
            return
    raise RuntimeError("the interpreter keeps aborting")


def write(case, path):
    path.with_suffix(".tflite").write_bytes(case.content)
    np.savez(path.with_suffix(".in.npz"), **{f"in{index}": value for index, value in enumerate(case.inputs.values())})
    path.with_suffix(".count").write_text(str(len(case.outputs)))


def draw_case(name, seed, index, attempt):
    for again in range(ATTEMPTS):
        try:
            return GENERATORS[name](Draw([seed, zlib.crc32(name.encode()), index, attempt, again]))
        except Rejected:
            continue
    raise RuntimeError(f"{name}: no model could be drawn")


def difference(case, wanted, got):
    """What differs, or None."""
    for number, (left, right) in enumerate(zip(wanted, got)):
        if left.shape != right.shape or left.dtype != right.dtype:
            return f"output {number} is {right.dtype}{right.shape}, wanted {left.dtype}{left.shape}"
        if case.tolerance:
            with np.errstate(all="ignore"):
                error = np.abs(left - right) / np.maximum(1, np.abs(left))
            same = (left == right) | (np.isnan(left) & np.isnan(right)) | (error <= case.tolerance)
        else:
            same = (left == right) | ((left != left) & (right != right))
        if not same.all():
            place = np.argwhere(~same)[0].tolist()
            return f"{(~same).sum()} of {same.size} differ, first at {place}: {right[tuple(place)]}, wanted {left[tuple(place)]}"
    return None


def compare(binary, case, path):
    with np.load(path.with_suffix(".out.npz")) as stored:
        wanted = [stored[f"arr_{index}"] for index in range(len(stored.files))]
    feeds = {f"t{index}": value for index, value in case.inputs.items()}
    try:
        got = reference.run_edgeopt(binary, path.with_suffix(".tflite"), feeds, [f"t{index}" for index in case.outputs])
    except Exception as error:
        return f"edgeopt: {error}"
    return difference(case, wanted, got)


def main():
    if sys.argv[1:2] == ["--interpret"]:
        return interpret(sys.argv[2])
    options = reference.arguments(__doc__, only="", per_operator=20, seed=0, keep=None)
    names = [name for name in GENERATORS if re.search(options.only, name)]
    failures = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        cases, open_draws = {}, [(name, index) for name in names for index in range(options.per_operator)]
        for attempt in range(8):
            for name, index in open_draws:
                cases[name, index] = draw_case(name, options.seed, index, attempt)
                write(cases[name, index], folder / f"{name}-{index}-{attempt}")
            interpret_all(folder)
            found = {key: attempt for key in open_draws if (folder / f"{key[0]}-{key[1]}-{attempt}.out.npz").exists()}
            for key in found:
                cases[key].path = folder / f"{key[0]}-{key[1]}-{attempt}"
            open_draws = [key for key in open_draws if key not in found]
            if not open_draws:
                break
        for name, index in open_draws:
            reason = (folder / f"{name}-{index}-{attempt}.refused").read_text()
            failures[name].append(f"{index}: the interpreter refuses every draw: {reason}")
        ready = [key for key in cases if key not in set(open_draws)]
        with concurrent.futures.ThreadPoolExecutor(reference.WORKERS) as pool:
            results = pool.map(lambda key: compare(options.binary, cases[key], cases[key].path), ready)
            for (name, index), problem in zip(ready, results):
                if problem is None:
                    continue
                failures[name].append(f"{index}: {problem}")
                if options.keep:
                    os.makedirs(options.keep, exist_ok=True)
                    for suffix in (".tflite", ".in.npz", ".out.npz"):
                        source = cases[name, index].path.with_suffix(suffix)
                        (pathlib.Path(options.keep) / (f"{name}-{index}" + suffix)).write_bytes(source.read_bytes())
        for name in names:
            for line in failures[name][:4]:
                print(f"{name} {line}"[:400])
        bad = sum(map(len, failures.values()))
        print(f"{len(cases) - bad} of {len(cases)} models of {len(names)} operators: the same bytes as the interpreter")
        return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
