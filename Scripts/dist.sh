#!/usr/bin/env bash
# Builds dist/edgeopt, which needs no shared library beyond those of every Linux system, and proves it.
set -euo pipefail
cd "$(dirname "$0")/.."

build=.build-dist
archives=$PWD/$build/archives
mkdir -p "$archives" dist
# The linker takes the first library it finds on its path: in a folder of nothing but .a files that is the static one.
# SwiftPM gets that path, ahead of the system's, from copies of the pkg-config files that name the folder.
for library in protobuf-c png16 png jpeg z yaml; do
  archive=$(${CC:-clang} -print-file-name="lib$library.a")
  [ -e "$archive" ] || { echo "lib$library.a was not found; run make deps" >&2; exit 1; }
  ln -sf "$(realpath "$archive")" "$archives/lib$library.a"
done
for package in libprotobuf-c libpng libpng16 libjpeg zlib yaml-0.1; do
  sed "s|^libdir=.*|libdir=$archives|" "$(pkg-config --variable=pcfiledir "$package")/$package.pc" > "$archives/$package.pc"
done

PKG_CONFIG_PATH=$archives${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH} \
  swift build -c release --product edgeopt --scratch-path "$build" --static-swift-stdlib \
  -Xlinker --gc-sections -Xlinker -s
install -m 755 "$build/release/edgeopt" dist/edgeopt

echo "dist/edgeopt: $(stat -c %s dist/edgeopt | awk '{ printf "%.1f MB", $1 / 1e6 }')"
ldd dist/edgeopt
allowed='linux-vdso|ld-linux|libc\.so|libm\.so|libstdc\+\+|libgcc_s|libpthread|libdl|librt|libutil'
if ldd dist/edgeopt | grep -vE "$allowed"; then
  echo "The libraries above are not on every system." >&2
  exit 1
fi
dist/edgeopt --version
