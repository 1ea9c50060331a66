#!/usr/bin/env python3
"""Export: what `edgeopt convert` writes is an ONNX model that computes the same.

usage: export_roundtrip.py BINARY [--only REGEX] [--keep FOLDER]

For the digits model, the nine light_* models of the onnx package, one model per operator family made here, and with
EDGEOPT_SHARED every model of the corpus:
- the ONNX checker accepts the file (full check),
- input and output names, types and shapes are those of the source,
- ONNX Runtime computes the same outputs within 1e-5 of their range, for several batch sizes where the batch is open,
- converting again gives the same bytes.
"""
import pathlib
import re
import shutil
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import export_models
import reference

LIGHT = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
# Folding and reordering change the rounding of sums; outputs that are chaotic in them get more.
TOLERANCE = 1e-5


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


def round_trip(binary, source, folder, keep):
    """What is wrong with the export of a model file, or None."""
    target = folder / (source.parent.name + "_" + source.name)
    reference.call(binary, ["convert", source, "-o", target, "--force", "--quiet"])
    first = target.read_bytes()
    reference.call(binary, ["convert", source, "-o", target, "--force", "--quiet"])
    if target.read_bytes() != first:
        return "two conversions give different bytes"
    if keep:
        shutil.copy(target, keep)
    onnx.checker.check_model(str(target), full_check=True)
    model, exported = onnx.load(str(source)), onnx.load(str(target))
    weights = {tensor.name for tensor in model.graph.initializer}
    for what, before, after in (
        ("inputs", ports(model.graph.input, weights), ports(exported.graph.input)),
        ("outputs", ports(model.graph.output), ports(exported.graph.output)),
    ):
        if what == "outputs":
            # Some exporters leave out what follows from the graph.
            after = [(n, t, s if b[2] else b[2]) for (n, t, s), b in zip(after, before)]
            after = [(n, t, [e if w is not None else None for e, w in zip(s, b[2])]) for (n, t, s), b in zip(after, before)]
        if before != after:
            return f"{what} are {after} instead of {before}"
    is_open = any(None in shape for _, _, shape in ports(model.graph.input, weights))
    return same_outputs(source, target, model, (1, 3) if is_open else (1,))


def main():
    options = reference.arguments(__doc__, only="", keep="")
    tally = reference.Tally("export round trip")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        models = [reference.DIGITS / "digits_cnn.onnx", *sorted(LIGHT.glob("light_*.onnx"))]
        models += export_models.write(folder / "operators")
        if reference.shared():
            models += sorted((reference.shared() / "corpus" / "models").glob("*.onnx"))
        else:
            tally.skip("corpus", "EDGEOPT_SHARED is not set")
        models = [model for model in models if re.search(options.only, model.stem)]
        reference.in_parallel(
            lambda model: tally.attempt(
                model.stem, lambda: round_trip(options.binary, model, folder, options.keep)),
            models,
        )
    sys.exit(tally.finish())


if __name__ == "__main__":
    main()
