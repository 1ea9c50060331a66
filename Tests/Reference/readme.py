#!/usr/bin/env python3
"""What README.md shows works as pasted.

usage: Tests/Reference/readme.py EDGEOPT
Runs its blocks of commands one after the other in a copy of the folders that they name, but for those that build the
program and the first, whose model is anyone's.
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import reference


def lines(text):
    """The commands of all blocks; a line that goes on is one command."""
    for block in re.findall(r"```sh\n(.*?)```", text, re.S):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("edgeopt ") and " model.onnx " not in line:
                yield line


def run(line, folder, path):
    result = subprocess.run(
        ["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PATH": f"{path}:{os.environ['PATH']}"})
    return f"exit code {result.returncode}: {result.stderr.strip()[-300:]}" if result.returncode else None


def main():
    options = reference.arguments(__doc__.splitlines()[0])
    tally = reference.Tally("readme")
    commands = list(lines((reference.REPOSITORY / "README.md").read_text()))
    assert len(commands) > 10, "the README's blocks are not found"
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        for name in ("Calibration", "Recipes"):
            shutil.copytree(reference.REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns(".edgeopt", "out"))
        path = folder / "program"
        path.mkdir()
        (path / "edgeopt").symlink_to(pathlib.Path(options.binary).resolve())
        for line in commands:
            tally.attempt(line, lambda: run(line, folder, path))
    return tally.finish()


if __name__ == "__main__":
    raise SystemExit(main())
