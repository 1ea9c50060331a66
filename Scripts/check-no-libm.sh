#!/bin/sh
# Output bytes must not depend on the machine's libm. Fails when an object file of a room that output bytes pass
# through needs one of its functions. sqrt, floor and friends are not in the list: they are exact, and debug builds of Swift call them.
#
#   swift build -c release && Scripts/check-no-libm.sh [BUILD_DIRECTORY]
set -eu
build=${1:-.build}
names='exp|exp2|exp10|expm1|log|log2|log10|log1p|pow|sin|cos|sincos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|asinh|acosh|atanh'
names="$names|erf|erfc|tgamma|lgamma|cbrt|hypot|fma|fmod|remainder|ldexp|scalbn|frexp|modf"
rooms='CKernels TensorMath Runtime Passes Graph Storage ONNXFormat Statistics Datasets MicroRuntime'
objects=
for room in $rooms; do
  objects="$objects $(find -L "$build" -path "*/$room.build/*.o")"
done
if [ -z "$(echo $objects)" ]; then
  echo "check-no-libm: no object files under $build; run 'swift build' first" >&2
  exit 1
fi
found=$(for object in $objects; do
  nm -u "$object" | awk -v file="$object" '{ print $NF, file }'
done | grep -E "^_?($names)[fl]? " || true)
if [ -n "$found" ]; then
  echo "check-no-libm: these object files call libm:" >&2
  printf '%s\n' "$found" >&2
  exit 1
fi
echo "check-no-libm: $(printf '%s\n' $objects | wc -l) object files are free of libm"
