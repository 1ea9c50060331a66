#!/usr/bin/env python3
"""Makes everything in Calibration/digits: the data files and the small CNN that `make demo` shows.

    python3 -m venv venv
    venv/bin/pip install torch==2.13.0 scikit-learn==1.9.1 onnx==1.23.2
    venv/bin/python Scripts/train_digits.py

The network has what small vision models have: 3x3, depthwise and 1x1 convolutions, batch normalization that is
left unfolded, two residual additions, pooling. It is exported with PyTorch's TorchScript-based exporter.
Everything is seeded; another version of PyTorch or another CPU may still give slightly different weights.
"""
import pathlib

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Calibration" / "digits"
SEED = 7
TRAINING, CALIBRATION = 1000, 200  # the remaining 597 samples are for testing
EPOCHS = 80


def split():
    """(x, y) for training, calibration and test; x is uint8 in 0...16, 8x8."""
    digits = load_digits()
    x = digits.images.astype(np.uint8)
    y = digits.target.astype(np.uint8)
    order = np.random.default_rng(SEED).permutation(len(x))
    x, y = x[order], y[order]
    borders = [TRAINING, TRAINING + CALIBRATION]
    return list(zip(np.split(x, borders), np.split(y, borders)))


def convolution(inputs, outputs, size, groups=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, padding=size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )


class Residual(nn.Module):
    """A depthwise and a pointwise convolution, added to their input."""

    def __init__(self, channels):
        super().__init__()
        self.depthwise = convolution(channels, channels, 3, groups=channels)
        self.pointwise = convolution(channels, channels, 1)

    def forward(self, x):
        return torch.relu(x + self.pointwise(torch.relu(self.depthwise(x))))


class DigitsCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            convolution(1, 16, 3), nn.ReLU(),
            Residual(16),
            convolution(16, 32, 3), nn.ReLU(),
            nn.MaxPool2d(2),
            Residual(32),
            convolution(32, 32, 3), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.classifier = nn.Linear(32, 10)

    def forward(self, x):
        return self.classifier(self.features(x))


def prepared(x):
    return torch.from_numpy(x.astype(np.float32) / 16)[:, None]


def shifted(x, generator):
    """Every image moved by up to one pixel, which stands for how differently people place their digits."""
    padded = nn.functional.pad(x, (1, 1, 1, 1))
    rows, columns = torch.randint(0, 3, (2, len(x)), generator=generator).tolist()
    return torch.stack([p[:, r:r + 8, c:c + 8] for p, r, c in zip(padded, rows, columns)])


def train(x, y):
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(SEED)
    model = DigitsCNN()
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.02)
    batches = len(x) // 50
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=8e-3, total_steps=EPOCHS * batches)
    for _ in range(EPOCHS):
        order = torch.randperm(len(x), generator=generator)
        for chosen in order.split(50)[:batches]:
            loss = nn.functional.cross_entropy(model(shifted(x[chosen], generator)), y[chosen], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


def main():
    (train_x, train_y), (calib_x, calib_y), (test_x, test_y) = split()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, array in [("calib_x", calib_x), ("calib_y", calib_y), ("test_x", test_x), ("test_y", test_y)]:
        np.save(FOLDER / f"{name}.npy", array)
    np.save(FOLDER / "sample.npy", prepared(test_x[:1]).numpy())

    model = train(prepared(train_x), torch.from_numpy(train_y.astype(np.int64)))
    with torch.no_grad():
        right = (model(prepared(test_x)).argmax(1).numpy() == test_y).sum()
    print(f"parameters {sum(p.numel() for p in model.parameters())}, test accuracy {right}/{len(test_y)} = {right / len(test_y):.4f}")

    torch.onnx.export(
        model, torch.zeros(1, 1, 8, 8), FOLDER / "digits_cnn.onnx", dynamo=False, opset_version=17,
        training=torch.onnx.TrainingMode.PRESERVE,  # keeps batch normalization as operators of its own
        input_names=["image"], output_names=["logits"],
        dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
    )


if __name__ == "__main__":
    main()
