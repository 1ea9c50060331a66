#!/usr/bin/env bash
# The code that protoc-c makes from our .proto files and flatc from our .fbs files is checked in, so that building needs
# no generator. This proves that it is what those files say. With --write it brings it up to date.
set -euo pipefail
cd "$(dirname "$0")/.."

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
stale=0

compare() { # made target source
  if [ "$write" = yes ]; then
    cp "$1" "$2"
  elif ! cmp -s "$1" "$2"; then
    echo "$2 is not what $3 generates: run Scripts/check-generated.sh --write" >&2
    stale=1
  fi
}
write=no
[ "${1:-}" = --write ] && write=yes

while read -r proto; do
  folder=$(dirname "$proto")
  name=$(basename "$proto" .proto)
  protoc-c --proto_path="$folder" --c_out="$fresh" "$(basename "$proto")"
  for made in "$fresh/$name".pb-c.*; do
    target=$(git ls-files --cached --others "Sources/**/$(basename "$made")" | head -n 1)
    : "${target:=$folder/$(basename "$made")}"
    compare "$made" "$target" "$proto"
  done
done < <(git ls-files --cached --others 'Sources/*.proto')

while read -r schema; do
  flatc --cpp --scoped-enums --cpp-std c++17 -o "$fresh" "$schema"
  made=$(basename "$schema" .fbs)_generated.h
  compare "$fresh/$made" "$(dirname "$schema")/$made" "$schema"
done < <(git ls-files --cached --others 'Sources/*.fbs')
exit $stale
