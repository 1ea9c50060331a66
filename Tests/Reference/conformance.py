#!/usr/bin/env python3
"""ONNX's own node tests through `edgeopt run`.

usage: conformance.py BINARY [--only REGEX] [--by-op]

In scope are the tests that a program for edge inference should run: tensors of the types below in and out, standard
operators, no control flow, no training, no strings, sequences, images or random numbers. Operators that stand in
EXCLUDED only because the node tests are odd or few are compared with ONNX Runtime in random_operators.py.
Lists every failing test with the reason, and fails when fewer than FLOOR tests pass or a test fails that is not
in KNOWN_FAILURES.
"""
import collections
import re
import sys
import tempfile
import warnings

import numpy as np
import onnx

import reference

warnings.filterwarnings("ignore")
from onnx.backend.test.case.node import collect_testcases  # noqa: E402  (it warns while it is imported)

SCOPE = 597  # the tests of onnx 1.23.2 that the rules below choose
FLOOR = 590

TYPES = {
    onnx.TensorProto.FLOAT, onnx.TensorProto.INT64, onnx.TensorProto.INT32,
    onnx.TensorProto.BOOL, onnx.TensorProto.INT8, onnx.TensorProto.UINT8,
}

EXCLUDED = {
    "losses and optimizers": "SoftmaxCrossEntropyLoss NegativeLogLikelihoodLoss Adagrad Adam Momentum Gradient",
    "random numbers": "Bernoulli Multinomial RandomNormal RandomUniform",
    "control flow": "If Loop Scan",
    "strings, sequences, optionals, images": """StringNormalizer StringConcat StringSplit RegexFullMatch
        TfIdfVectorizer SequenceInsert Optional OptionalHasElement OptionalGetElement ImageDecoder""",
    "signal processing": "DFT STFT MelWeightMatrix BlackmanWindow HammingWindow HannWindow",
    "output shapes that depend on values": "NonZero Unique Compress NonMaxSuppression",
    "vision operators of large models": "DeformConv RoiAlign MaxUnpool Col2Im AffineGrid GridSample CenterCropPad",
    "whole attention blocks and their caches": """Attention RotaryEmbedding TensorScatter LinearAttention
        CausalConvWithState""",
    "integer arithmetic of quantized models": "DynamicQuantizeLinear ConvInteger MatMulInteger QLinearMatMul QLinearConv",
    "linear algebra": "Det CumProd",
    "bits": "BitShift BitCast BitwiseAnd BitwiseOr BitwiseXor BitwiseNot",
    "compared in random_operators.py": """CastLike CumSum Dropout Einsum EyeLike Hardmax IsInf IsNaN LpPool Mod OneHot
        Range ReverseSequence Scatter ScatterElements ScatterND Shrink Size ThresholdedRelu TopK Trilu""",
}
EXCLUDED_OPERATORS = {operator for names in EXCLUDED.values() for operator in names.split()}

# Tests that are known to fail, with the reason. A test that passes again must leave the list.
KNOWN_FAILURES = {}


def in_scope(case):
    graph = case.model.graph
    tensors = [value.type for value in (*graph.input, *graph.output)]
    if not all(t.HasField("tensor_type") and t.tensor_type.elem_type in TYPES for t in tensors):
        return False
    for node in graph.node:
        if node.domain not in ("", "ai.onnx") or node.op_type in EXCLUDED_OPERATORS:
            return False
        if any(attribute.type == onnx.AttributeProto.GRAPH for attribute in node.attribute):
            return False
    # Function expansions test another operator's decomposition; 8-bit and training variants other engines.
    return not re.search("_expanded|training|int8", case.name)


def problem_of(case, run):
    """What is wrong with a test, or None."""
    inputs = [value.name for value in case.model.graph.input]
    outputs = [value.name for value in case.model.graph.output]
    with tempfile.TemporaryDirectory() as folder:
        onnx.save(case.model, f"{folder}/model.onnx")
        for given, wanted in case.data_sets:
            feeds = {name: np.asarray(value) for name, value in zip(inputs, given)}
            try:
                got = run(f"{folder}/model.onnx", feeds, outputs)
            except Exception as error:
                return reference.first_line(error)
            for name, value, want in zip(outputs, got, map(np.asarray, wanted)):
                if value.shape != want.shape:
                    return f"{name}: shape {list(value.shape)} instead of {list(want.shape)}"
                relative, absolute = max(case.rtol, 1e-3), max(case.atol, 1e-5)
                if not np.allclose(value.astype(np.float64), want.astype(np.float64), relative, absolute, equal_nan=True):
                    return f"{name}: values differ"
    return None


def main():
    options = reference.arguments(__doc__.splitlines()[0], only="", by_op=False)
    run = reference.runner(options.binary)
    cases = [case for case in collect_testcases(None) if in_scope(case) and re.search(options.only, case.name)]
    problems = reference.in_parallel(lambda case: problem_of(case, run), cases)

    total, passed = collections.Counter(), collections.Counter()
    unexpected = []
    for case, problem in zip(cases, problems):
        operator = case.model.graph.node[-1].op_type
        total[operator] += 1
        if problem is None:
            passed[operator] += 1
            if case.name in KNOWN_FAILURES:
                unexpected.append(f"{case.name} passes: take it out of KNOWN_FAILURES")
        else:
            known = KNOWN_FAILURES.get(case.name)
            print(f"FAIL {operator} {case.name}: {problem}" + (f" (known: {known})" if known else ""))
            if not known:
                unexpected.append(case.name)
    if options.by_op:
        for operator in sorted(total):
            print(f"  {operator:26} {passed[operator]}/{total[operator]}")

    whole = sum(total[operator] == passed[operator] for operator in total)
    good, failed = sum(passed.values()), len(cases) - sum(passed.values())
    print(f"conformance: {whole} of {len(total)} operators whole, {good} of {len(cases)} tests (at least {FLOOR} wanted)")
    if not options.only and len(cases) != SCOPE:
        print(f"conformance: {len(cases)} tests in scope instead of {SCOPE}; is this another version of onnx?")
        unexpected.append("scope")
    print(f"conformance: {good} passed, {failed} failed")
    return 1 if unexpected or (not options.only and good < FLOOR) else 0


if __name__ == "__main__":
    sys.exit(main())
