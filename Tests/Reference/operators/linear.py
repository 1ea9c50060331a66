"""Matrix products, Einsum, and the building blocks of attention."""
import math

import numpy as np

from operators.case import Case, operator


@operator("Gemm")
def gemm(draw):
    m, k, n = draw.integer(1, 20), draw.integer(1, 40), draw.integer(1, 40)
    attributes = {}
    draw.attribute(attributes, "transA", draw.integer(0, 1), 0.6)
    draw.attribute(attributes, "transB", draw.integer(0, 1), 0.6)
    draw.attribute(attributes, "alpha", draw.number(0.2, 2), 0.4)
    draw.attribute(attributes, "beta", draw.number(0.2, 2), 0.4)
    a = draw.normal([k, m] if attributes.get("transA") else [m, k])
    b = draw.normal([n, k] if attributes.get("transB") else [k, n])
    c = draw.normal(draw.choice([[m, n], [n], [1, n], [m, 1], [1], []]))
    return Case([a, b, None if draw.version >= 11 and draw.chance(0.25) else c], attributes,
                constant=(1, 2) if draw.chance(0.5) else ())


@operator("MatMul")
def matmul(draw):
    m, k, n = draw.integer(1, 17), draw.integer(1, 40), draw.integer(1, 17)
    batch = draw.shape(0, 3, extent=3)
    left, right = list(batch), draw.broadcast(batch)
    if draw.chance(0.3):
        left, right = right, left
    a, b = left + [m, k], right + [k, n]
    if draw.chance(0.12):
        a = [k]
    elif draw.chance(0.12):
        b = [k]
    return Case([draw.normal(a), draw.normal(b)])


EQUATIONS = [
    "ij,jk->ik", "ij,kj->ik", "bij,bjk->bik", "...ij,...jk->...ik", "bhqd,bhkd->bhqk", "bhqk,bhkd->bhqd", "i,j->ij",
    "ij,ij->", "ij->ji", "ij->i", "ij->j", "ii->i", "bii->bi", "ijk->", "i,i->", "bqhd,bkhd->bhqk", "bij,jk->bik",
    "abc,cd,de->abe", "ij,jk", "...i->...", "bn,anm,bm->ba", "nchw,nhwk->nck", "ij,j->i", "b...,b...->b...",
]


@operator("Einsum")
def einsum(draw):
    equation = draw.choice(EQUATIONS)
    extents = {letter: draw.integer(1, 5) for letter in "abcdefghijklmnopqrstuvwxyz"}
    ellipsis = draw.shape(0, 2, extent=3, empty=0)
    operands = []
    for term in equation.split("->")[0].split(","):
        shape = []
        position = 0
        while position < len(term):
            if term.startswith("...", position):
                shape += ellipsis
                position += 3
            else:
                shape.append(extents[term[position]])
                position += 1
        operands.append(draw.normal(shape))
    if draw.chance(0.2):
        equation = equation.replace(",", " , ").replace("->", " -> ")
    return Case(operands, {"equation": equation})


@operator("AttentionBlock")
def attention_block(draw):
    """softmax(q·kᵀ/√d + mask)·v as exporters write it, with or without −∞ in the mask."""
    batch, heads, queries, keys, depth = (draw.integer(1, high) for high in (2, 3, 6, 6, 8))
    mask = np.where(draw.booleans([queries, keys]), np.float32(draw.choice([-np.inf, -1e9, -3])), np.float32(0))
    mask[:, 0] = 0  # every query sees at least one key
    scale = np.array(1 / math.sqrt(depth), np.float32)
    nodes = [
        ("Transpose", ["x1"], ["kt"], {"perm": [0, 1, 3, 2]}),
        ("MatMul", ["x0", "kt"], ["s"], {}),
        ("Mul", ["s", "x3"], ["scaled"], {}),
        ("Add", ["scaled", "x4"], ["masked"], {}),
        ("Softmax", ["masked"], ["p"], {"axis": -1 if draw.opset >= 11 else 3}),
        ("MatMul", ["p", "x2"], ["y0"], {}),
    ]
    q = draw.normal([batch, heads, queries, depth])
    k, v = (draw.normal([batch, heads, keys, depth]) for _ in range(2))
    return Case([q, k, v, scale, mask], nodes=nodes, fed=(1, 2), constant=(3, 4))
