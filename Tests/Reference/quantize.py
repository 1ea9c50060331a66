#!/usr/bin/env python3
"""Float models made int8, whole path: quantize, the interpreter, the arena, the accuracy.

usage: quantize.py BINARY [--only REGEX] [--samples N] [--show]

For the repository's digits model, and with EDGEOPT_SHARED for every model of the corpus, with no flag beyond --calib and
the preparation of the data:
- `edgeopt quantize` makes a .tflite that tflite-micro loads and runs (in a process of its own);
- edgeopt's integer executor gives tflite-micro's bytes on real samples, at least 100 where there are so many (with
  float inputs quantized at the border; 100 seeded inputs over the full int8 range where the corpus has no data);
- the arena that edgeopt states for this interpreter is what the interpreter reports, head and tail;
- the file is the same bytes with 1, 2 and 7 threads and with AVX2 and AVX-512;
- the accuracy on the whole test set holds the model's limit.
"""
import hashlib
import json
import os
import pathlib
import re
import sys
import tempfile

import numpy as np

import corpus
import micro
import reference

VARIANTS = {"7 threads": (["--threads", "7"], {}), "1 thread, avx2": (["--threads", "1"], {"EDGEOPT_ISA": "avx2"}),
            "2 threads, avx512": (["--threads", "2"], {"EDGEOPT_ISA": "avx512"})}


def available(binary):
    """The instruction sets of this machine."""
    text = reference.call(binary, ["--version", "--verbose"])
    return re.search("available here: (.*)", text).group(1).split(", ")


def quantize(binary, model, target, arguments=(), environment=None):
    """The JSON document of `edgeopt quantize`."""
    command = ["quantize", model.path, "--calib", model.calibration, "-o", target, "--force", "--json", *model.arguments]
    return json.loads(reference.call(binary, [*command, *arguments], timeout=600, environment=environment))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def same_bytes(binary, model, target, sets):
    """What is wrong with the files made in other ways, or None."""
    wanted = digest(target)
    for name, (arguments, environment) in VARIANTS.items():
        if environment.get("EDGEOPT_ISA", sets[0]) not in sets:
            continue
        other = target.with_suffix(".other.tflite")
        quantize(binary, model, other, arguments, environment)
        if digest(other) != wanted:
            return f"other bytes with {name}"
    return None


def inputs_of(model, document, count):
    """Samples for the interpreter: prepared ones, quantized as the device's code does; or noise."""
    port = document["after"]["inputs"][0]
    shape = [count, *port["shape"]]
    low, high = {"int8": (-128, 127), "int16": (-32768, 32767)}[port["type"]]
    if model.test is None:
        return np.random.default_rng(1).integers(low, high + 1, shape).astype(port["type"])
    x = model.samples(model.test, count)
    if port.get("permutation"):
        x = x.reshape(len(x), *port["source_shape"][1:]).transpose(0, *port["permutation"][1:])
    scaled = x.reshape(len(x), *port["shape"]) / np.float32(port["scale"])
    # Round half away from zero, in float32 as the kernel does.
    rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled)).astype(np.int64) + port["zero_point"]
    return np.clip(rounded, low, high).astype(port["type"])


def same_outputs(binary, model, target, document, stored):
    """What is wrong with edgeopt's outputs beside the interpreter's (or None), and the interpreter's account.

    Real samples go to edgeopt as they are, so that its rounding at the border is held against numpy's; noise goes as
    integers.
    """
    wanted, account = micro.run(target, [stored])
    with tempfile.TemporaryDirectory() as folder:
        if model.test is None:
            np.save(f"{folder}/x.npy", stored.reshape(len(stored) * stored.shape[1], *stored.shape[2:]))
            reference.call(binary, ["run", target, "--input", f"{folder}/x.npy", "--output-dir", f"{folder}/out"])
        else:
            np.save(f"{folder}/x.npy", np.load(model.test, mmap_mode="r")[:len(stored)])
            reference.call(binary, ["evaluate", target, "--data", f"{folder}/x.npy", *model.arguments, "--outputs", f"{folder}/out"])
        for port, value in zip(document["after"]["outputs"], wanted, strict=True):
            got = np.load(f"{folder}/out/{reference.file_name(port['name'])}")
            if got.dtype != value.dtype or got.size != value.size:
                return f"{port['name']}: {got.dtype}{got.shape} instead of {value.dtype}{value.shape}", account
            wrong = int((got.reshape(len(value), -1) != value.reshape(len(value), -1)).any(axis=1).sum())
            if wrong:
                return f"{port['name']}: other bytes in {wrong} of {len(value)} samples", account
    return None, account


def same_arena(binary, target, account):
    """What is wrong with the arena that edgeopt states for this interpreter, or None."""
    reported = {part: int(re.search(f"Arena allocation {part} (\\d+) bytes", account).group(1)) for part in ("head", "tail")}
    stated = json.loads(reference.call(binary, ["inspect", target, "--json"]))["arena"]["python"]
    wrong = [f"{part} {stated[part]} instead of {reported[part]}" for part in reported if stated[part] != reported[part]]
    return ", ".join(wrong) or None


def evaluate(binary, model, path):
    command = ["evaluate", path, "--data", model.test, "--labels", model.labels, "--json", *model.arguments, *model.metric]
    return json.loads(reference.call(binary, command, timeout=600))["quality"]["before"]["value"]


def accuracy(binary, model, target, show):
    """What is wrong with the accuracy on the whole test set, or None."""
    before, after = evaluate(binary, model, model.path), evaluate(binary, model, target)
    if show:
        print(f"  {model.name}: float {before:.4f}, int8 {after:.4f}", flush=True)
    least = model.least if model.least is not None else before - model.drop if model.drop is not None else None
    return f"{after:.4f}, at least {least:.4f} wanted (float {before:.4f})" if least is not None and after < least else None


def check(tally, binary, model, folder, sets, options):
    target = folder / f"{model.name}.tflite"
    document = {}
    if not tally.attempt(f"{model.name} quantizes", lambda: document.update(quantize(binary, model, target))):
        return
    found = {}

    def outputs():
        stored = inputs_of(model, document, int(options.samples))
        problem, found["account"] = same_outputs(binary, model, target, document, stored)
        return problem

    tally.attempt(f"{model.name} gives tflite-micro's bytes", outputs)
    if "account" in found:
        tally.attempt(f"{model.name} takes the stated arena", lambda: same_arena(binary, target, found["account"]))
    tally.attempt(f"{model.name} is the same file", lambda: same_bytes(binary, model, target, sets))
    if model.labels:
        tally.attempt(f"{model.name} keeps its accuracy", lambda: accuracy(binary, model, target, options.show))


def main():
    options = reference.arguments(__doc__.splitlines()[0], only="", samples=100, show=False)
    binary = os.path.abspath(options.binary)
    tally = reference.Tally("quantize")
    with tempfile.TemporaryDirectory() as folder:
        folder, sets = pathlib.Path(folder), available(binary)
        models = [corpus.digits()]
        if reference.shared():
            models += corpus.models(reference.shared(), folder)
        else:
            print("the models of the corpus: skipped, EDGEOPT_SHARED is not set")
        for model in models:
            if re.search(options.only, model.name):
                check(tally, binary, model, folder, sets, options)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
