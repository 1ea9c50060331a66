"""The models and data of the shared corpus: how each model's samples are prepared, for edgeopt and for other tools."""
import dataclasses

import numpy as np

import reference


@dataclasses.dataclass(frozen=True)
class Model:
    """A float model with its data, its preparation on the command line and in numpy, and what it must reach in int8."""

    name: str
    path: object
    calibration: object
    test: object = None
    labels: object = None
    arguments: tuple = ()
    prepare: object = None
    # Metric arguments; the default suits class labels.
    metric: tuple = ()
    # For classifiers: the least accuracy as int8, as a drop from float (a share) or absolutely.
    drop: float = None
    least: float = None

    def samples(self, path, count=None):
        """Prepared samples for other tools, in the layout of the ONNX model, without the batch axis."""
        x = np.load(path, mmap_mode="r")[:count]
        x = np.asarray(x) if self.prepare is None else self.prepare(np.asarray(x))
        return np.ascontiguousarray(x, np.float32)


def image(x):
    return x[:, None] / np.float32(255)


def flat(x):
    return x.reshape(len(x), -1) / np.float32(255)


def channels_first(x):
    return x.transpose(0, 2, 1)


def digits():
    """The repository's own example."""
    folder = reference.DIGITS
    return Model("digits_cnn", folder / "digits_cnn.onnx", folder / "calib_x.npy", folder / "test_x.npy", folder / "test_y.npy",
                 ("--scale", "1/16"), lambda x: x[:, None] / np.float32(16), drop=0.005)


FMNIST = ("--scale", "1/255")
KINDS = {
    # name: data, arguments, prepare, and what must hold
    "mlperf_resnet8": ("cifar10", (), None, {"least": 0.871}),
    "mlperf_resnet_large": ("cifar10", (), None, {"drop": 0.005}),
    "mlperf_kws_dscnn": ("kws", (), None, {"drop": 0.005}),
    "mlperf_kws_dscnn_savedmodel_dynbatch": ("kws", (), None, {"drop": 0.005}),
    "mlperf_ad01": ("ad01", (), None, {}),
    "fmnist_cnn": ("fmnist", FMNIST, image, {"drop": 0.005}),
    "fmnist_cnn_legacy": ("fmnist", FMNIST, image, {"drop": 0.005}),
    "fmnist_cnn_unfolded_bn": ("fmnist", FMNIST, image, {"drop": 0.005}),
    "fmnist_mlp_legacy": ("fmnist", FMNIST, flat, {"drop": 0.005}),
    "fmnist_vit_legacy": ("fmnist", FMNIST, image, {"drop": 0.005}),
    "fmnist_unet_legacy": ("fmnist_denoise", (*FMNIST, "--label-scale", "1/255"), image, {"metric": ("--metric", "psnr")}),
    "har_cnn1d": ("har", (), channels_first, {"drop": 0.005}),
    "har_lstm": ("har", (), channels_first, {"drop": 0.005}),
    "large_mobilenet_v2": (None, (), None, {}),
}


def models(shared, scratch):
    """All models of the corpus; data that it lacks are made in the folder `scratch`."""
    result = []
    for name, (data, arguments, prepare, limits) in KINDS.items():
        path = shared / "corpus" / "models" / f"{name}.onnx"
        if data:
            file = lambda kind: shared / "corpus" / "data" / f"{data}_{kind}.npy"
            labels = file("test_y") if file("test_y").exists() else None
            result.append(Model(name, path, file("calib_x"), file("test_x"), labels, arguments, prepare, **limits))
        else:
            made = scratch / f"{name}_x.npy"
            np.save(made, np.random.default_rng(0).standard_normal((32, 3, 224, 224), np.float32))
            result.append(Model(name, path, made))
    return result
