#!/usr/bin/env python3
"""Random single-operator models through `edgeopt run`, compared with ONNX Runtime.

usage: random_operators.py BINARY [--only REGEX] [--per-operator N] [--seed N] [--keep DIR]

Each model is drawn from its own seed: the operator's version (opset 7 to 24), attributes, ranks, extents, types, and
which inputs are initializers. A draw that ONNX's checker or ONNX Runtime refuses is drawn again; what ONNX Runtime
has not at all is compared with ONNX's reference evaluator. Where edgeopt and ONNX Runtime differ, the reference
evaluator decides, and the summary says how often it found for edgeopt. --keep writes failing models and inputs.
"""
import collections
import os
import pathlib
import re
import sys
import tempfile
import warnings
import zlib

import numpy as np
import onnx

import reference

warnings.filterwarnings("ignore")
from onnx.reference import ReferenceEvaluator  # noqa: E402

from operators import GENERATORS, Draw, Rejected  # noqa: E402
from operators.case import model_of  # noqa: E402

ATTEMPTS = 60  # draws for one model before the operator counts as impossible


def by_reference(model, feeds):
    return [np.asarray(value) for value in ReferenceEvaluator(model).run(None, feeds)]


def draw_model(operator, seed, index):
    """(model, feeds, output names, wanted outputs, who computed them, allowed error) of the index-th draw."""
    reason = "nothing was drawn"
    # ONNX Runtime is asked first. What it says it has not, or refuses too often, ONNX's reference evaluator computes.
    for attempt in range(ATTEMPTS):
        draw = Draw([seed, zlib.crc32(operator.encode()), index, attempt], operator if operator != "AttentionBlock" else "MatMul")
        try:
            case = GENERATORS[operator](draw)
            model, feeds, outputs = model_of(draw, case)
        except Rejected as error:
            reason = str(error)
            continue
        try:
            return model, feeds, outputs, reference.run_ort(model, feeds), "ort", case.relative
        except Exception as error:
            reason = reference.first_line(error)
        if attempt >= ATTEMPTS // 2 or re.search("NOT_IMPLEMENTED|layout_ == 0", reason):
            try:
                return model, feeds, outputs, by_reference(model, feeds), "onnx", case.relative
            except Exception as error:
                reason = reference.first_line(error)
    raise RuntimeError(f"no model could be drawn: {reason}")


def describe(model):
    """The node, its attributes and its inputs in one line."""
    opset = model.opset_import[0].version
    nodes = "; ".join(onnx.printer.to_text(node).strip().replace("\n", " ") for node in model.graph.node)
    inputs = [f"{v.name}:{'x'.join(str(d.dim_value) for d in v.type.tensor_type.shape.dim)}" for v in model.graph.input]
    constants = [f"{t.name}:{'x'.join(map(str, t.dims))} constant" for t in model.graph.initializer]
    return f"opset {opset}: {' '.join(nodes.split())} [{', '.join(inputs + constants)}]"


def worst(got, wanted, outputs, relative):
    """The first output that differs, or None."""
    for name, value, want in zip(outputs, got, wanted):
        problem = reference.difference(value, want, relative)
        if problem:
            return f"{name}: {problem}"
    return None


def main():
    options = reference.arguments(__doc__.splitlines()[0], only="", per_operator=20, seed=0, keep="")
    run = reference.runner(options.binary)
    chosen = [name for name in sorted(GENERATORS) if re.fullmatch(options.only or ".*", name)]

    def one(job):
        operator, index = job
        try:
            model, feeds, outputs, wanted, source, relative = draw_model(operator, options.seed, index)
        except Exception as error:
            return operator, index, "none", reference.first_line(error)
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/model.onnx"
            onnx.save(model, path)
            try:
                problem = worst(got := run(path, feeds, outputs), wanted, outputs, relative)
            except Exception as error:
                problem, got = reference.first_line(error), None
        if problem and got is not None and source == "ort":
            try:
                if worst(got, by_reference(model, feeds), outputs, relative) is None:
                    return operator, index, "arbiter", None
            except Exception:
                pass
        if problem and options.keep:
            kept = pathlib.Path(options.keep) / f"{operator}_{index}"
            kept.mkdir(parents=True, exist_ok=True)
            onnx.save(model, kept / "model.onnx")
            for name, value in feeds.items():
                np.save(kept / f"{name}.npy", value)
        return operator, index, source, f"{problem} | {describe(model)}" if problem else None

    tally = reference.Tally("random_operators")
    results = reference.in_parallel(one, [(name, index) for name in chosen for index in range(options.per_operator)])
    counts, sources = collections.Counter(), collections.Counter()
    for operator, index, source, problem in results:
        tally.check(f"{operator} {index}", problem)
        counts[operator] += problem is None
        sources[source] += 1
    print("models that agree, per operator:")
    cells = [f"{name} {counts[name]}/{options.per_operator}" for name in chosen]
    for start in range(0, len(cells), 5):
        print("  " + "".join(f"{cell:32}" for cell in cells[start:start + 5]).rstrip())
    print(f"{len(chosen)} operators; {sources['ort']} models compared with ONNX Runtime, {sources['onnx']} with ONNX's "
          f"reference evaluator; it decided {sources['arbiter']} times for edgeopt and against ONNX Runtime")
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
