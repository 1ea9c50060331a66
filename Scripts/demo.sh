#!/usr/bin/env bash
# The main job on the model and the data that the repository holds. usage: Scripts/demo.sh BINARY
set -euo pipefail
cd "$(dirname "$0")/.."

binary=$1
digits=Calibration/digits
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
if [ ! -t 1 ] || [ -n "${NO_COLOR:-}" ]; then
  say() { printf '\n%s\n' "$*"; }
fi
show() { # prints the command as a user would type it, then runs it
  printf '$ %s\n\n' "edgeopt ${*//$out\//}"
  "$binary" "$@"
}

say "1. What is in the model? A small CNN that reads handwritten digits, exported by PyTorch."
show inspect $digits/digits_cnn.onnx

say "2. How good is it? 597 labeled images that it has not been trained on; pixels are 0 to 16, the model wants 0 to 1."
show evaluate $digits/digits_cnn.onnx --data $digits/test_x.npy --labels $digits/test_y.npy --scale 1/16

say "3. Make it int8 for a microcontroller. 200 images are enough to choose the ranges; both accuracies are measured."
show quantize $digits/digits_cnn.onnx --int8 --calib $digits/calib_x.npy -o "$out/digits_int8.tflite" --scale 1/16 \
  --data $digits/test_x.npy --labels $digits/test_y.npy

say "4. The file alone, in the arithmetic of TensorFlow Lite Micro: the same accuracy, bit for bit what the device gives."
show evaluate "$out/digits_int8.tflite" --data $digits/test_x.npy --labels $digits/test_y.npy --scale 1/16

say "5. Sources for the firmware."
show export "$out/digits_int8.tflite" --c "$out/firmware"

say "6. Or make the float model simpler: fold batch normalization into the convolutions, fuse activations, drop what does nothing."
show convert $digits/digits_cnn.onnx -o "$out/digits_simple.onnx"

say "7. The simpler model is as good, in any tool that reads ONNX."
show evaluate "$out/digits_simple.onnx" --data $digits/test_x.npy --labels $digits/test_y.npy --scale 1/16

kept=.build/demo
say "8. The same as a recipe: what to do, with which data, which files to write and which limits to keep, in one file."
grep -v '^ *#' Recipes/int8.yaml | grep -v '^$'
printf '\n'
show optimize Recipes/int8.yaml --set out="$PWD/$kept" --set outputs.c="$PWD/$kept/firmware" --run-folder "$kept/run"

say "9. After an edit only what it changes is done again; here nothing is."
show optimize Recipes/int8.yaml --set out="$PWD/$kept" --set outputs.c="$PWD/$kept/firmware" --run-folder "$kept/run" --dry-run
say "The model, report.html (open it in a browser), report.json and the C++ sources are in $kept."

say "That is all there is to it. README.md has more to try; 'edgeopt help' lists the verbs."
