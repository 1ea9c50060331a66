"""Random single-operator models: one file per family, one function per operator (or per group of like ones).

A function takes a Draw and returns a Case. The table GENERATORS maps each operator's name to its function.
"""
from operators.case import GENERATORS, Case, Draw, Rejected
from operators import (  # noqa: F401  (each fills the table)
    elementwise, indexing, linear, normalization, quantization, recurrent, reductions, resizing, shaping, windows,
)

__all__ = ["GENERATORS", "Case", "Draw", "Rejected"]
