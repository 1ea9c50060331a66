#!/usr/bin/env bash
# Makes sure that the Debian packages edgeopt is built and tested with are there.
# Only when a probe fails does it call apt: as root, or through sudo; otherwise it prints the line to run.
# usage: Scripts/deps.sh [--build]   --build leaves out what only the tests need
set -euo pipefail

missing=()

need_library() { # package, pkg-config name
  pkg-config --exists "$2" 2>/dev/null || missing+=("$1")
}
need_program() { # package, program
  command -v "$2" >/dev/null 2>&1 || missing+=("$1")
}

if command -v pkg-config >/dev/null 2>&1; then
  need_library libprotobuf-c-dev libprotobuf-c
  need_library libyaml-dev yaml-0.1
  need_library zlib1g-dev zlib
  need_library libpng-dev libpng
  need_library libjpeg-dev libjpeg
else
  missing+=(pkg-config libprotobuf-c-dev libyaml-dev zlib1g-dev libpng-dev libjpeg-dev)
fi
need_program protobuf-c-compiler protoc-c
need_program flatbuffers-compiler flatc
[ -e /usr/include/flatbuffers/flatbuffers.h ] || missing+=(libflatbuffers-dev)
if [ "${1:-}" != --build ]; then
  python3 -c 'import venv, ensurepip' >/dev/null 2>&1 || missing+=(python3-venv)
  # The report page is opened in a browser, with a font.
  command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
    command -v google-chrome >/dev/null 2>&1 || missing+=(chromium)
  [ -n "$(find -L /usr/share/fonts /usr/local/share/fonts -name '*.[to]tf' -print -quit 2>/dev/null)" ] ||
    missing+=(fonts-dejavu-core)
fi

if ! command -v swift >/dev/null 2>&1; then
  echo "edgeopt is built with Swift 6, and there is no 'swift' on the PATH. Install it first: https://www.swift.org/install/linux/" >&2
  exit 1
fi
[ ${#missing[@]} -eq 0 ] && exit 0

install="apt-get install -y --no-install-recommends ${missing[*]}"
echo "Missing Debian packages: ${missing[*]}"
if ! command -v apt-get >/dev/null 2>&1; then
  echo "This is no Debian system: install the packages of the same content, then run make again." >&2
  exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
  as_root=(env DEBIAN_FRONTEND=noninteractive)
elif command -v sudo >/dev/null 2>&1; then
  as_root=(sudo env DEBIAN_FRONTEND=noninteractive)
else
  printf 'They need root. Run this, then make again:\n\n    apt-get update && %s\n\n' "$install" >&2
  exit 1
fi
# Package lists may be absent (containers) or old, so a first failure is answered by an update.
"${as_root[@]}" $install || { "${as_root[@]}" apt-get update && "${as_root[@]}" $install; }
