#!/usr/bin/env bash
# Installs the tools that Benchmarks/quantize.py compares edgeopt with, each into an environment of its own below
# .venv-bench. usage: Benchmarks/setup.sh [--tensorflow] (1 GB more, for onnx2tf through TensorFlow's converter)
set -euo pipefail
cd "$(dirname "$0")/.."

install() { # environment, requirements
  [ -x ".venv-bench/$1/bin/python" ] || python3 -m venv ".venv-bench/$1"
  # onnx2tf asks for a newer Python than Debian's and does not need it.
  ".venv-bench/$1/bin/python" -m pip install --quiet --disable-pip-version-check --ignore-requires-python -r "$2"
}

install litert Benchmarks/requirements-litert.txt
install onnx2tf Benchmarks/requirements-onnx2tf.txt
install quantizer Benchmarks/requirements-quantizer.txt
if [ "${1:-}" = --tensorflow ]; then install tensorflow Benchmarks/requirements-tensorflow.txt; fi
