#!/usr/bin/env bash
# All tests: the Swift ones, optimized, then the release binary against ONNX's node tests and ONNX Runtime.
# usage: Scripts/test.sh [--long]
set -uo pipefail
cd "$(dirname "$0")/.."
. Scripts/stages.sh

per_operator=20
if [ "${1:-}" = --long ]; then
  per_operator=200
  export EDGEOPT_FUZZ_FILES=${EDGEOPT_FUZZ_FILES:-20000}
  long=10 # the budgets of the stages that grow with it
fi
binary=.build/release/edgeopt

reference() { # script budget arguments...
  local script=$1 budget=$2
  shift 2
  stage "$script" "$budget" .venv/bin/python "Tests/Reference/$script.py" "$binary" "$@"
}

stages_begin
stage release-build 300 make build &&
  stage swift-tests-build 400 make build-tests &&
  stage swift-tests $((300 * ${long:-1})) make swift-tests
if [ -x "$binary" ]; then
  stage no-libm 30 Scripts/check-no-libm.sh .build/release
  reference conformance 120
  reference random_operators $((240 * ${long:-1})) --per-operator "$per_operator"
  reference whole_models 240
  reference determinism 60
  reference export_roundtrip 180
  reference hostile 60
  reference micro_bits $((240 * ${long:-1})) --per-operator "$per_operator"
  reference micro_files 120
  reference quantized_models 120
  reference float_tflite $((240 * ${long:-1})) --per-operator "$((per_operator / 10))"
  reference rewrites 240
  reference joined_outputs 60
  reference detector 30
  reference reproduce 30
  reference report_facts 60
  reference tflite_roundtrip 120
  reference quantize 300
  reference compare 60
  reference qdq_export 120
  reference arena $((120 * ${long:-1})) --networks "$((per_operator * 2))"
  reference firmware 180
  reference readme 60
  reference ci_examples 120
  reference recipe_schema 30
  reference report_page 120
fi
stages_finish
