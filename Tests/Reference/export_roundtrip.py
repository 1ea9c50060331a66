#!/usr/bin/env python3
"""Export: what `edgeopt convert` writes is an ONNX model that computes the same.

usage: export_roundtrip.py BINARY [--only REGEX] [--per-operator N]

For the digits model, the nine light_* models of the onnx package, N random models per operator, and with
EDGEOPT_SHARED every model of the corpus:
- the ONNX checker accepts the file (full check),
- input and output names, types and shapes are those of the source,
- ONNX Runtime computes the same outputs within 1e-5 of their range, for two batch sizes where the batch is open,
- converting again gives the same bytes.
"""
import pathlib
import re
import sys
import tempfile

import numpy as np
import onnx
from onnx import helper

import random_operators
import reference

LIGHT = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
# What folding and fusing may change is rounding.
TOLERANCE = 1e-5
# Where ONNX Runtime's own answer is known to be wrong, so that the exported model, computed by another of its kernels,
# may differ: reductions that keep their axes give an empty result for empty data in opsets before 18.
KNOWN = re.compile(r"Reduce.*shape \[.*\] instead of \[.*0.*\]")


def ports(values, weights=()):
    """Names, types and shapes as a caller sees them; open extents are None."""
    result = []
    for value in values:
        if value.name in weights:
            continue
        tensor = value.type.tensor_type
        shape = [e.dim_value if e.HasField("dim_value") else None for e in tensor.shape.dim]
        result.append((value.name, tensor.elem_type, shape))
    return result


def feeds(model, batch, rng):
    """Random inputs in the ranges that models of their type take."""
    weights = {tensor.name for tensor in model.graph.initializer}
    result = {}
    for name, element, shape in ports(model.graph.input, weights):
        sizes = [batch if extent is None else extent for extent in shape]
        kind = helper.tensor_dtype_to_np_dtype(element)
        if np.issubdtype(kind, np.floating):
            result[name] = rng.standard_normal(sizes).astype(kind)
        elif kind == np.bool_:
            result[name] = rng.random(sizes) < 0.5
        else:
            result[name] = rng.integers(0, 3, sizes).astype(kind)
    return result


def same_outputs(source, exported, model, batches):
    before, after = reference.session(source), reference.session(exported)
    rng = np.random.default_rng(0)
    for batch in batches:
        data = feeds(model, batch, rng)
        for output, wanted, got in zip(model.graph.output, before.run(None, data), after.run(None, data)):
            problem = reference.difference(got, wanted, TOLERANCE)
            if problem:
                return f"output '{output.name}', batch {batch}: {problem}"
    return None


def with_declared(after, before):
    """Ports as exported, with what the source left open left open: exporters do not always say what follows."""
    return [
        (name, kind, [size if was is not None else None for size, was in zip(shape, wanted)] if wanted else wanted)
        for (name, kind, shape), (_, _, wanted) in zip(after, before)
    ]


def convert(binary, source, target, arguments=()):
    """Converts twice; what is wrong with the file, or None."""
    reference.call(binary, ["convert", source, "-o", target, "--force", "--quiet", *arguments])
    first = target.read_bytes()
    reference.call(binary, ["convert", source, "-o", target, "--force", "--quiet", *arguments])
    if target.read_bytes() != first:
        return "two conversions give different bytes"
    onnx.checker.check_model(str(target), full_check=True)
    return None


def same_ports(source, exported):
    weights = {tensor.name for tensor in source.graph.initializer}
    for what, before, after in (
        ("inputs", ports(source.graph.input, weights), ports(exported.graph.input)),
        ("outputs", ports(source.graph.output), ports(exported.graph.output)),
    ):
        if what == "outputs":
            after = with_declared(after, before)
        if before != after:
            return f"{what} are {after} instead of {before}"
    return None


def whole_model(binary, source, folder):
    """What is wrong with the export of a model file, or None."""
    target = folder / f"out_{source.name}"
    problem = convert(binary, source, target)
    if problem:
        return problem
    model = onnx.load(str(source))
    weights = {tensor.name for tensor in model.graph.initializer}
    is_open = any(None in shape for _, _, shape in ports(model.graph.input, weights))
    return same_ports(model, onnx.load(str(target))) or same_outputs(source, target, model, (1, 3) if is_open else (1,))


def single_operator(binary, operator, index, folder):
    """What is wrong with the export of a random model, or None."""
    model, data, outputs, wanted, computed_by, relative = random_operators.draw_model(operator, 0, index)
    if computed_by != "ort":
        return None
    source, target = folder / f"{operator}_{index}.onnx", folder / f"out_{operator}_{index}.onnx"
    onnx.save(model, source)
    # Inputs that decide shapes must be known: integers, the scales of a Resize, the numbers of a Range.
    first_float = {"Range": 0, "Resize": 1, "Upsample": 1}.get(operator, len(data))
    arguments = []
    for number, (name, value) in enumerate(data.items()):
        if value.dtype.kind in "iub" or (number >= first_float and value.size <= 16):
            file = folder / f"{operator}_{index}_{number}.npy"
            np.save(file, value)
            arguments += ["--bind", f"{name}={file}"]
    problem = convert(binary, source, target, arguments) or same_ports(model, onnx.load(str(target)))
    if problem:
        return problem
    for name, want, got in zip(outputs, wanted, reference.run_ort(target, data)):
        problem = reference.difference(got, want, max(TOLERANCE, relative / 10))
        if problem and not KNOWN.search(f"{operator} {problem}"):
            return f"{name}: {problem} | {random_operators.describe(model)}"
    return None


def main():
    options = reference.arguments(__doc__.splitlines()[0], only="", per_operator=3)
    tally = reference.Tally("export_roundtrip")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        jobs = []
        models = [reference.DIGITS / "digits_cnn.onnx", *sorted(LIGHT.glob("light_*.onnx"))]
        if reference.shared():
            models += sorted((reference.shared() / "corpus" / "models").glob("*.onnx"))
        else:
            tally.skip("corpus", "EDGEOPT_SHARED is not set")
        for model in models:
            jobs.append((model.stem, lambda model=model: whole_model(options.binary, model, folder)))
        for operator in sorted(random_operators.GENERATORS):
            for index in range(options.per_operator):
                jobs.append((f"{operator} {index}", lambda o=operator, i=index: single_operator(options.binary, o, i, folder)))
        jobs = [job for job in jobs if re.search(options.only, job[0])]
        reference.in_parallel(lambda job: tally.attempt(*job), jobs)
    sys.exit(tally.finish())


if __name__ == "__main__":
    main()
