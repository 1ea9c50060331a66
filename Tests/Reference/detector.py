#!/usr/bin/env python3
"""The detector of Calibration/detector on the device: boxes and scores keep their accuracy apart.

usage: Tests/Reference/detector.py EDGEOPT
Quantizes it, runs it on the test scenes, and counts the digits that are found; prints the table of the detector's README.
"""
import csv
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent.parent.parent / "Calibration/detector"


def edgeopt(*words):
    subprocess.run([sys.argv[1], *map(str, words)], check=True, stdout=subprocess.DEVNULL)


def overlap(a, b):
    width = min(a[0] + a[2] / 2, b[0] + b[2] / 2) - max(a[0] - a[2] / 2, b[0] - b[2] / 2)
    height = min(a[1] + a[3] / 2, b[1] + b[3] / 2) - max(a[1] - a[3] / 2, b[1] - b[3] / 2)
    shared = max(width, 0) * max(height, 0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def found(cells):
    return [(*cell[:4], int(cell[5:].argmax())) for cell in cells if cell[4] > 0.5]


def right(outputs, truth):
    """Digits of which the class and half of the box are right."""
    return sum(
        any(box[4] == f[4] and overlap(box, f) > 0.5 for f in found(cells))
        for cells, boxes in zip(outputs, truth) for box in boxes)


def sqnr(wanted, got):
    return 10 * np.log10((wanted**2).sum() / ((wanted - got) ** 2).sum())


def main():
    x = np.load(FOLDER / "test_x.npy")
    truth = [[] for _ in x]
    with open(FOLDER / "test_boxes.csv") as file:
        for row in csv.DictReader(file):
            truth[int(row["scene"])].append((*(float(row[k]) for k in ("x", "y", "width", "height")), int(row["class"])))
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        model = work / "detector.tflite"
        edgeopt("quantize", FOLDER / "detector.onnx", "--calib", FOLDER / "calib_x.npy", "--scale", "1/255",
                "--output-type", "float32", "-o", model, "-q")
        images = (x[:, None] / np.float32(255)).astype(np.float32)
        np.save(work / "all.npy", images)
        edgeopt("run", FOLDER / "detector.onnx", "--input", f"image={work}/all.npy", "--output-dir", work / "float", "-q")
        wanted = np.load(work / "float/detections.npy")
        # One channel: first or last is the same order.
        np.save(work / "device.npy", images.reshape(len(images), 40, 40, 1))
        edgeopt("run", model, "--input", f"image={work}/device.npy", "--output-dir", work / "int8", "-q")
        parts = sorted((work / "int8").glob("*.npy"))
        got = np.concatenate([np.load(part).reshape(len(images), 25, -1) for part in parts], axis=2)
    # What a single int8 output would make of the float model's own numbers.
    scale = wanted.max() / 255
    joined = np.rint(wanted / scale) * scale
    total = sum(map(len, truth))
    print(f"{'':24} {'digits found':>14} {'SQNR of boxes':>14} {'SQNR of scores':>15}")
    rows = [("float32", wanted), ("int8, outputs split", got), ("one scale for all", joined)]
    for title, outputs in rows:
        quality = ["", ""]
        if outputs is not wanted:
            quality = [f"{sqnr(wanted[..., p], outputs[..., p]):.1f} dB" for p in (slice(4), slice(4, None))]
        print(f"{title:24} {f'{right(outputs, truth)} of {total}':>14} {quality[0]:>14} {quality[1]:>15}")
    checks = {
        "shapes": got.shape == wanted.shape,
        "three outputs": len(parts) == 3,
        "boxes": sqnr(wanted[..., :4], got[..., :4]) > 30,
        "scores": sqnr(wanted[..., 4:], got[..., 4:]) > sqnr(wanted[..., 4:], joined[..., 4:]),
        "digits": right(got, truth) >= right(wanted, truth) - 0.03 * total,
        "float digits": right(wanted, truth) > 0.7 * total,
    }
    for name, holds in checks.items():
        if not holds:
            print(f"failed: {name}")
    print(f"detector: {sum(checks.values())} passed, {len(checks) - sum(checks.values())} failed")
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
