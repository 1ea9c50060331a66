#!/bin/sh
# Output bytes must not depend on the machine's libm. Fails when an object file of the tensor core needs one of its
# functions. sqrt, floor and friends are not in the list: they are exact, and debug builds of Swift call them.
#
#   swift build -c release && Scripts/check_no_libm.sh [BUILD_DIRECTORY]
set -eu
build=${1:-.build}
names='exp|exp2|exp10|expm1|log|log2|log10|log1p|pow|sin|cos|sincos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|asinh|acosh|atanh'
names="$names|erf|erfc|tgamma|lgamma|cbrt|hypot|fma|fmod|remainder|ldexp|scalbn|frexp|modf"
objects=$(find -L "$build" -path '*/CKernels.build/*.o' -o -path '*/TensorMath.build/*.o')
if [ -z "$objects" ]; then
  echo "check_no_libm: no object files of CKernels or TensorMath under $build; run 'swift build' first" >&2
  exit 1
fi
found=$(for object in $objects; do
  nm -u "$object" | awk -v file="$object" '{ print $NF, file }'
done | grep -E "^_?($names)[fl]? " || true)
if [ -n "$found" ]; then
  echo "check_no_libm: these object files call libm:" >&2
  printf '%s\n' "$found" >&2
  exit 1
fi
echo "check_no_libm: $(printf '%s\n' $objects | wc -l) object files are free of libm"
