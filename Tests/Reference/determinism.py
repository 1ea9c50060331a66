#!/usr/bin/env python3
"""The output bytes of `edgeopt run` with other numbers of threads and other instruction sets.

usage: determinism.py BINARY

Runs models with --threads 1, 2 and 7 and with EDGEOPT_ISA forced to every set that this processor has, and compares
the files byte for byte. `--version --verbose` proves that the forced set was really the one in use.
"""
import os
import pathlib
import sys
import tempfile

import numpy as np
import onnx

import reference
from operators import GENERATORS, Draw, Rejected
from operators.case import model_of

THREADS = (1, 2, 7)
SETS = ("ref", "avx2", "avx512", "neon")
OPERATORS = ("Conv", "ConvTranspose", "MatMul", "Gemm", "AveragePool", "Softmax", "ReduceSum", "ReduceLogSumExp", "Gelu", "Erf",
             "LayerNormalization", "InstanceNormalization", "LSTM", "GRU", "Resize", "Pow", "Tanh", "LpPool", "Einsum", "LRN")
MODELS_PER_OPERATOR = 3


def usable_sets(binary, tally):
    """The instruction sets that this processor has; each must name itself when it is forced."""
    usable = []
    for name in SETS:
        try:
            text = reference.call(binary, ["--version", "--verbose"], environment={"EDGEOPT_ISA": name})
        except reference.EdgeoptError as error:
            if error.code < 0 or name not in str(error):
                tally.check(f"EDGEOPT_ISA={name}", f"refused unclearly: {error}")
            continue
        used = [line.split(":")[1].strip() for line in text.splitlines() if line.startswith("instruction set")]
        if tally.check(f"EDGEOPT_ISA={name} is in use", None if used == [name] else f"--version --verbose says {used}"):
            usable.append(name)
    tally.check("at least two instruction sets", None if len(usable) > 1 else f"only {usable}")
    return usable


def corpus():
    """(name, model file, inputs by name) of whole models."""
    digits = np.load(reference.DIGITS / "test_x.npy")
    yield "digits_cnn", reference.DIGITS / "digits_cnn.onnx", {"image": digits[:3, None].astype(np.float32) / 16}
    folder = reference.shared()
    if not folder:
        return
    for path in sorted((folder / "corpus" / "models").glob("*.onnx")):
        value = onnx.load(str(path)).graph.input[0]
        shape = [extent.dim_value or 1 for extent in value.type.tensor_type.shape.dim]
        yield path.stem, path, {value.name: np.random.default_rng(0).standard_normal(shape).astype(np.float32)}


def drawn(folder):
    """The same for random operators, large enough that work is really split among threads."""
    for operator in OPERATORS:
        index = found = 0
        while found < MODELS_PER_OPERATOR:
            index += 1
            try:
                draw = Draw([31, index], operator)
                model, feeds, _ = model_of(draw, GENERATORS[operator](draw))
                reference.run_ort(model, feeds)
            except Exception:
                continue
            found += 1
            path = folder / f"{operator}_{found}.onnx"
            onnx.save(model, str(path))
            yield path.stem, path, feeds


def outputs_of(binary, model, feeds, threads=None, isa=None):
    """{file name: bytes} of a run."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["run", model, "--output-dir", f"{folder}/out"]
        for index, (name, value) in enumerate(feeds.items()):
            np.save(f"{folder}/{index}.npy", value)
            command += ["--input", f"{name}={folder}/{index}.npy"]
        if threads:
            command += ["--threads", threads]
        reference.call(binary, command, environment={"EDGEOPT_ISA": isa} if isa else {})
        return {path.name: path.read_bytes() for path in pathlib.Path(folder, "out").iterdir()}


def main():
    options = reference.arguments(__doc__.splitlines()[0])
    binary = os.path.abspath(options.binary)
    tally = reference.Tally("determinism")
    sets = usable_sets(binary, tally)
    with tempfile.TemporaryDirectory() as folder:
        models = [*corpus(), *drawn(pathlib.Path(folder))]

        def one(job):
            name, model, feeds = job
            try:
                wanted = outputs_of(binary, model, feeds)
                variants = [(threads, None) for threads in THREADS] + [(1, isa) for isa in sets] + [(2, sets[0])]
                others = [f"{threads} threads, {isa or 'default'}" for threads, isa in variants
                          if outputs_of(binary, model, feeds, threads, isa) != wanted]
                return "other bytes with " + "; ".join(others) if others else None
            except Exception as error:
                return reference.first_line(error)

        for (name, _, _), problem in zip(models, reference.in_parallel(one, models)):
            tally.check(name, problem)
    print(f"{len(models)} models, threads {', '.join(map(str, THREADS))}, instruction sets {', '.join(sets)}")
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
