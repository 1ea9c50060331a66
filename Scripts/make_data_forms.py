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
import onnx
from onnx import TensorProto, helper, numpy_helper

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


def dense(path, inputs, weights, bias):
    """A dense layer on its inputs, joined."""
    size = weights.shape[0] // len(inputs)
    nodes = [helper.make_node("Concat", inputs, ["joined"], "joined", axis=1)] if len(inputs) > 1 else []
    nodes.append(helper.make_node("Gemm", ["joined" if nodes else inputs[0], "weights", "bias"], ["scores"], "scores"))
    graph = helper.make_graph(
        nodes, path.stem,
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size]) for name in inputs],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", weights.shape[1]])],
        [numpy_helper.from_array(weights.astype(np.float32), "weights"),
         numpy_helper.from_array(bias.astype(np.float32), "bias")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def main():
    x = np.load(ROOT / "digits/calib_x.npy")[:COUNT]
    y = np.load(ROOT / "digits/calib_y.npy")[:COUNT]
    FORMS.mkdir(exist_ok=True)
    npz(FORMS / "digits.npz", x=x, y=y)
    np.save(FORMS / "digits.npy", x)

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

    labeled = FORMS / "labeled-pictures"
    labeled.mkdir(exist_ok=True)
    for index, image in enumerate(x):
        png(labeled / f"{index:03}.png", image * 15)
    (labeled / "labels.csv").write_text("\n".join(rows).replace(".npy", ".png") + "\n")
    (labeled / "data.yaml").write_text("scale: 1/240\n")

    lines = [",".join([f"p{index}" for index in range(64)] + ["label"])]
    for image, label in zip(x, y):
        lines.append(",".join(str(value) for value in list(image.reshape(-1)) + [label]))
    (FORMS / "digits.csv").write_text("\n".join(lines) + "\n")

    test_data = FORMS / "onnx"
    for index in range(COUNT):
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
    # The two tones, as filters.
    tones = np.stack([np.where(np.arange(64) % p < p // 2, 1, -1) for p in (4, 16)], 1) / 16
    dense(FORMS / "tones.onnx", ["sound"], tones, np.zeros(2))

    two = FORMS / "two-inputs"
    two.mkdir(exist_ok=True)
    np.save(two / "left.npy", (x[:, 0, :4] / 16).astype(np.float32))
    np.save(two / "right.npy", (x[:, 1, 4:] / 4).astype(np.float32))
    dense(two / "model.onnx", ["left", "right"], (np.arange(16).reshape(8, 2) - 8) / 8, np.array([0.5, -0.5]))


if __name__ == "__main__":
    main()
