#!/usr/bin/env bash
# Creates .venv with the pinned packages the reference tests compare edgeopt with. Does nothing when it is up to date.
set -euo pipefail
cd "$(dirname "$0")/.."

requirements=Tests/Reference/requirements.txt
stamp=.venv/requirements.installed
cmp -s "$requirements" "$stamp" && exit 0

echo "Setting up .venv for the reference tests (about 30 s) ..."
[ -x .venv/bin/python ] || python3 -m venv .venv
if .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements"; then
  cp "$requirements" "$stamp"
  exit 0
fi
# TensorFlow Lite Micro has wheels for few platforms; everything else must still be testable there.
grep -v '^tflite_micro' "$requirements" > .venv/requirements.partial
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r .venv/requirements.partial
cat >&2 <<'NOTE'
**************************************************************************************
**  The tflite-micro wheel could not be installed. All tests that compare with the  **
**  TensorFlow Lite Micro interpreter are left out of this run.                     **
**************************************************************************************
NOTE
