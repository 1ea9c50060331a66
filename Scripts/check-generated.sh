#!/usr/bin/env bash
# The C code that protoc-c makes from our .proto files is checked in, so that building needs no generator.
# This proves that it is what the .proto files say. With --write it brings it up to date.
set -euo pipefail
cd "$(dirname "$0")/.."

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
stale=0
while read -r proto; do
  folder=$(dirname "$proto")
  name=$(basename "$proto" .proto)
  protoc-c --proto_path="$folder" --c_out="$fresh" "$(basename "$proto")"
  for made in "$fresh/$name".pb-c.*; do
    target=$(git ls-files --cached --others "Sources/**/$(basename "$made")" | head -n 1)
    : "${target:=$folder/$(basename "$made")}"
    if [ "${1:-}" = --write ]; then
      cp "$made" "$target"
    elif ! cmp -s "$made" "$target"; then
      echo "$target is not what $proto generates: run Scripts/check-generated.sh --write" >&2
      stale=1
    fi
  done
done < <(git ls-files --cached --others 'Sources/*.proto')
exit $stale
