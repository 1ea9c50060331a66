#!/bin/sh
# Makes the C code that reads and writes ONNX messages from Sources/CONNX/onnx.proto.
# With --check it changes nothing and fails when the checked-in code is not what the schema gives.
set -eu
cd "$(dirname "$0")/../Sources/CONNX"
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
protoc-c --c_out="$made" onnx.proto
# The version of the generator is stamped nowhere else, and the public header lives in include/.
sed 's|"onnx.pb-c.h"|"include/onnx.pb-c.h"|' "$made/onnx.pb-c.c" >"$made/onnx.pb-c.c.new"
mv "$made/onnx.pb-c.c.new" "$made/onnx.pb-c.c"
if [ "${1:-}" = --check ]; then
  diff -u onnx.pb-c.c "$made/onnx.pb-c.c" && diff -u include/onnx.pb-c.h "$made/onnx.pb-c.h" ||
    { echo "Sources/CONNX is not up to date: run Scripts/generate_onnx_c.sh" >&2; exit 1; }
else
  cp "$made/onnx.pb-c.c" onnx.pb-c.c
  cp "$made/onnx.pb-c.h" include/onnx.pb-c.h
fi
