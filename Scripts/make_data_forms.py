#!/usr/bin/env python3
"""Writes Calibration/forms: the same few digits in every form of data that edgeopt reads.

usage: Scripts/make_data_forms.py   (needs numpy and onnx; deterministic)
"""
import struct
import wave
import zipfile
import zlib
from pathlib import Path

import numpy as np
from onnx import numpy_helper

ROOT = Path(__file__).resolve().parent.parent / "Calibration"
FORMS = ROOT / "forms"
COUNT = 12


def png(path, pixels):
    def chunk(tag, data):
        return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))

    height, width = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    )


def npz(path, **arrays):
    """Like numpy.savez_compressed, with fixed dates."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            info = zipfile.ZipInfo(name + ".npy", (2000, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w") as member:
                np.lib.format.write_array(member, array)


def main():
    x = np.load(ROOT / "digits/calib_x.npy")[:COUNT]
    y = np.load(ROOT / "digits/calib_y.npy")[:COUNT]
    FORMS.mkdir(exist_ok=True)
    npz(FORMS / "digits.npz", x=x, y=y)

    arrays = FORMS / "arrays"
    arrays.mkdir(exist_ok=True)
    rows = ["file,label"]
    for index, (image, label) in enumerate(zip(x, y)):
        np.save(arrays / f"{index:03}.npy", image)
        rows.append(f"{index:03}.npy,{label}")
    (arrays / "labels.csv").write_text("\n".join(rows) + "\n")
    (arrays / "data.yaml").write_text("scale: 1/16\n")

    pictures = FORMS / "pictures"
    for index, (image, label) in enumerate(zip(x, y)):
        folder = pictures / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        png(folder / f"{index:03}.png", image * 15)
    (pictures / "data.yaml").write_text("# 15 levels of gray for each of the 16 in the arrays\nscale: 1/240\n")

    lines = [",".join([f"p{index}" for index in range(64)] + ["label"])]
    for image, label in zip(x, y):
        lines.append(",".join(str(value) for value in list(image.reshape(-1)) + [label]))
    (FORMS / "digits.csv").write_text("\n".join(lines) + "\n")

    test_data = FORMS / "onnx"
    for index in range(2):
        folder = test_data / f"test_data_set_{index}"
        folder.mkdir(parents=True, exist_ok=True)
        tensor = numpy_helper.from_array((x[index] / np.float32(16)).astype(np.float32)[None, None], "image")
        (folder / "input_0.pb").write_bytes(tensor.SerializeToString(deterministic=True))

    sounds = FORMS / "sounds"
    for name, period in (("high", 4), ("low", 16)):
        folder = sounds / name
        folder.mkdir(parents=True, exist_ok=True)
        wave_form = np.where(np.arange(64) % period < period // 2, 8192, -8192).astype("<i2")
        with wave.open(str(folder / "tone.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(wave_form.tobytes())


if __name__ == "__main__":
    main()
