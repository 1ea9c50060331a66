#!/usr/bin/env python3
"""`edgeopt compare` and the report of `evaluate`, against what ONNX Runtime and plain arithmetic give.

usage: compare.py BINARY

Pairs of small models are made here. For each, what the report says of their quality is computed again sample by sample:
shares with Wilson's interval, McNemar's exact test, classes, confusion, agreement and signal to noise. Models that take
their input or give their output in another layout or order must be matched; those that do not fit must be refused.
"""
import json
import math
import os
import pathlib
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import reference

SAMPLES, CLASSES = 400, 5
Z = 1.959963984540054


# --- Models

def save(path, nodes, inputs, outputs, **constants):
    values = lambda ports: [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ports]
    graph = helper.make_graph(nodes, "model", values(inputs), values(outputs),
                              [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in constants.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def dense(path, weights, output="y", after=(), **constants):
    """A linear classifier of six numbers; `after` are nodes from "h" to the output."""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h" if after else output]), *after]
    return save(path, nodes, [("x", ["N", 6])], [(output, ["N", weights.shape[1]])], w=weights, **constants)


def blurred(path, kernel, layout):
    """A convolution of pictures, [N, 3, 8, 6] or the same with channels last."""
    if layout == "nchw":
        return save(path, [helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])], [("x", ["N", 3, 8, 6])],
                    [("y", ["N", 4, 8, 6])], w=kernel)
    nodes = [helper.make_node("Transpose", ["x"], ["a"], perm=[0, 3, 1, 2]),
             helper.make_node("Conv", ["a", "w"], ["b"], pads=[1, 1, 1, 1]),
             helper.make_node("Transpose", ["b"], ["y"], perm=[0, 2, 3, 1])]
    return save(path, nodes, [("x", ["N", 8, 6, 3])], [("y", ["N", 8, 6, 4])], w=kernel)


# --- What is right

def wilson(count, total):
    share = count / total
    center = (share + Z * Z / (2 * total)) / (1 + Z * Z / total)
    half = Z / (1 + Z * Z / total) * math.sqrt(share * (1 - share) / total + Z * Z / (4 * total * total))
    return [share, center - half, center + half]


def mcnemar(broken, mended):
    total = broken + mended
    return min(1, 2 * sum(math.comb(total, k) for k in range(min(broken, mended) + 1)) / 2 ** total)


def near(found, wanted, name, tolerance=1e-9):
    found, wanted = np.asarray(found, float), np.asarray(wanted, float)
    if found.shape != wanted.shape or not np.allclose(found, wanted, rtol=tolerance, atol=tolerance):
        return f"{name}: {found.tolist()} instead of {wanted.tolist()}"
    return None


def first(findings):
    return next((finding for finding in findings if finding), None)


def share(document):
    return [document["value"], document["low"], document["high"]]


def quality_is_right(quality, one, two, labels):
    """What is wrong with the quality of two classifiers whose outputs are `one` and `two`, or None."""
    chosen = [np.argmax(values, 1) for values in (one, two)]
    right = [choice == labels for choice in chosen]
    broken, mended = int(np.sum(right[0] & ~right[1])), int(np.sum(right[1] & ~right[0]))
    difference, classes = quality["difference"], quality["classes"]
    noise = 10 * np.log10(np.sum(one.astype(float) ** 2) / np.sum((two.astype(float) - one) ** 2))
    matrix = lambda choice: np.histogram2d(labels, choice, bins=[range(one.shape[1] + 1)] * 2)[0]
    ofclass = lambda values: [int(np.sum(values & (labels == index))) for index in range(one.shape[1])]
    return first([
        near(share(quality["before"]), wilson(right[0].sum(), len(labels)), "before"),
        near(share(quality["after"]), wilson(right[1].sum(), len(labels)), "after"),
        near([difference["broken"], difference["mended"]], [broken, mended], "broken and mended"),
        near(difference["value"], (mended - broken) / len(labels), "difference"),
        near(difference["p_value"], mcnemar(broken, mended), "p"),
        None if difference["is_significant"] == (difference["p_value"] < 0.05) else "significance",
        None if difference["low"] <= difference["value"] <= difference["high"] else "interval of the difference",
        near(share(quality["agreement"]), wilson(np.sum(chosen[0] == chosen[1]), len(labels)), "agreement"),
        near(quality["output_sqnr"], noise, "signal to noise", 1e-3),
        near([entry["correct_before"] for entry in classes], ofclass(right[0]), "classes before"),
        near([entry["correct_after"] for entry in classes], ofclass(right[1]), "classes after"),
        near([entry["broken"] for entry in classes], ofclass(right[0] & ~right[1]), "broken by class"),
        near(quality["confusion"]["before"], matrix(chosen[0]), "confusion before"),
        near(quality["confusion"]["after"], matrix(chosen[1]), "confusion after"),
    ])


# --- Checks

class Checks:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        random = np.random.default_rng(11)
        self.weights = random.standard_normal([6, CLASSES])
        self.x = random.standard_normal([SAMPLES, 6]).astype(np.float32)
        self.kernel = random.standard_normal([4, 3, 3, 3])
        self.one = dense(folder / "one.onnx", self.weights)
        self.two = dense(folder / "two.onnx", self.weights + 0.35 * random.standard_normal([6, CLASSES]))
        scores = self.output(self.one, self.x)
        self.labels = np.argmax(scores + 1.5 * random.standard_normal(scores.shape), 1).astype(np.int64)
        self.data = ["--data", self.save("x", self.x), "--labels", self.save("labels", self.labels)]

    def save(self, name, array):
        np.save(self.folder / f"{name}.npy", array)
        return self.folder / f"{name}.npy"

    def output(self, model, x):
        return reference.session(model).run(None, {"x": x})[0]

    def compare(self, one, two, *arguments):
        return json.loads(reference.call(self.binary, ["compare", one, two, "--json", *arguments]))["quality"]

    def refused(self, code, words, *arguments):
        try:
            reference.call(self.binary, ["compare", *arguments])
        except reference.EdgeoptError as error:
            missing = [word for word in words if word not in str(error)]
            return f"code {error.code}, {missing} missing in: {error}" if error.code != code or missing else None
        return "was not refused"

    def classifiers(self):
        quality = self.compare(self.one, self.two, *self.data)
        return quality_is_right(quality, self.output(self.one, self.x), self.output(self.two, self.x), self.labels)

    def one_class_only(self):
        """Labels that are all alike: no ROC curve, and a matrix of one row."""
        data = [*self.data[:2], "--labels", self.save("threes", np.full(SAMPLES, 3))]
        curve = self.compare(self.one, self.two, *data, "--metric", "auc")
        if not (curve["before"]["value"] == 0.5 and [curve["before"]["low"], curve["before"]["high"]] == [0, 1]):
            return f"area {curve['before']}"
        return quality_is_right(
            self.compare(self.one, self.two, *data), self.output(self.one, self.x), self.output(self.two, self.x),
            np.full(SAMPLES, 3))

    def areas(self):
        """DeLong's difference is the difference, and its interval holds it."""
        quality = self.compare(self.one, self.two, *self.data, "--metric", "auc")
        difference = quality["difference"]
        value = quality["after"]["value"] - quality["before"]["value"]
        if difference["test"] != "DeLong" or not difference["low"] < difference["value"] < difference["high"]:
            return f"{difference}"
        return near(difference["value"], value, "difference")

    def not_a_number(self):
        """The square root of what may be negative: such samples are wrong, counted, and agree with nobody."""
        root = dense(self.folder / "root.onnx", self.weights, after=[helper.make_node("Sqrt", ["h"], ["y"])])
        wrong = ~np.isfinite(self.output(root, self.x)).all(1)
        quality = self.compare(self.one, root, *self.data)
        chosen = np.argmax(self.output(self.one, self.x), 1)
        right = ~wrong & (chosen == self.labels)
        for metric in ("mse", "psnr", "sqnr", "cosine"):
            labels = self.save("scores", self.output(self.one, self.x))
            found = self.compare(self.one, root, *self.data[:2], "--labels", labels, "--metric", metric)
            if found["after"]["not_finite"] != wrong.sum():
                return f"{metric}: {found['after']}"
            if metric == "mse" and (found["after"]["value"] is not None or "difference" in found):
                return f"mse: {found}"
        return first([
            None if 0 < wrong.sum() < SAMPLES else "the case is none",
            near(quality["after"]["not_finite"], wrong.sum(), "not finite"),
            near(quality["after"]["correct"], right.sum(), "right"),
            near(quality["agreement"]["count"], np.sum(~wrong), "agreeing"),
            None if quality["output_sqnr"] < -80 else f"signal to noise {quality['output_sqnr']}",
        ])

    def other_class_count(self):
        wide = dense(self.folder / "wide.onnx", np.ones([6, 7]))
        return self.refused(65, ["outputs do not match", "'y' [1, 5]", "[1, 7]"], self.one, wide, *self.data)

    def other_inputs(self):
        pictures = blurred(self.folder / "pictures.onnx", self.kernel, "nchw")
        return self.refused(65, ["inputs do not match", "'x' [1, 6]", "[1, 3, 8, 6]"], self.one, pictures, *self.data)

    def layouts(self):
        """Pictures are given once; one model takes and gives channels first, the other last."""
        first_, last = (blurred(self.folder / f"{layout}.onnx", self.kernel, layout) for layout in ("nchw", "nhwc"))
        coarse = blurred(self.folder / "coarse.onnx", np.round(self.kernel * 8) / 8, "nhwc")
        x = np.random.default_rng(2).standard_normal([30, 3, 8, 6]).astype(np.float32)
        data = ["--data", self.save("pictures", x)]
        same = self.compare(first_, last, *data)["output_sqnr"]
        if same is not None and same < 120:
            return f"{same} dB between the same models"
        wanted, found = self.output(first_, x), self.output(coarse, x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
        noise = 10 * np.log10(np.sum(wanted.astype(float) ** 2) / np.sum((found.astype(float) - wanted) ** 2))
        return first([
            near(self.compare(first_, coarse, *data)["output_sqnr"], noise, "first, last", 1e-3),
            near(self.compare(last, coarse, *data)["output_sqnr"], noise, "last, last", 1e-3),
        ])

    def order(self):
        """Two inputs and two outputs, in either order."""
        def model(name, inputs, outputs):
            nodes = [helper.make_node("MatMul", ["a", "w"], ["h"]), helper.make_node("Add", ["h", "b"], ["sum"]),
                     helper.make_node("Sub", ["h", "b"], ["gap"])]
            shapes = {"a": ["N", 6], "b": ["N", CLASSES], "sum": ["N", CLASSES], "gap": ["N", CLASSES]}
            return save(self.folder / name, nodes, [(port, shapes[port]) for port in inputs],
                        [(port, shapes[port]) for port in outputs], w=self.weights)
        one, two = model("ab.onnx", ["a", "b"], ["sum", "gap"]), model("ba.onnx", ["b", "a"], ["gap", "sum"])
        b = np.random.default_rng(4).standard_normal([SAMPLES, CLASSES]).astype(np.float32)
        data = ["--data", f"a={self.data[1]}", "--data", f"b={self.save('b', b)}", "--labels", self.data[3], "--quiet"]
        quality = self.compare(one, two, *data)
        return None if quality["output_sqnr"] is None and quality["difference"]["value"] == 0 else f"{quality['output_sqnr']} dB"

    def arrays(self):
        """Means and ratios: the difference is that of the values, a paired interval holds it and is not too wide."""
        wanted = self.output(self.one, self.x) + 0.3 * np.random.default_rng(5).standard_normal([SAMPLES, CLASSES])
        labels = self.save("wanted", wanted.astype(np.float32))
        for metric in ("mse", "mae", "psnr", "sqnr", "cosine"):
            quality = self.compare(self.one, self.two, *self.data[:2], "--labels", labels, "--metric", metric)
            before, after, difference = quality["before"], quality["after"], quality["difference"]
            apart = math.hypot(before["high"] - before["low"], after["high"] - after["low"])
            wrong = first([
                near(difference["value"], after["value"] - before["value"], metric),
                None if difference["low"] < difference["value"] < difference["high"] else f"{metric}: {difference}",
                None if difference["high"] - difference["low"] < 1.3 * apart else f"{metric}: {difference}, apart {apart}",
                None if difference["test"] == "paired bootstrap" and difference["is_significant"] else f"{metric}: {difference}",
            ])
            if wrong:
                return wrong
            same = self.compare(self.one, self.one, *self.data[:2], "--labels", labels, "--metric", metric)["difference"]
            if [same["value"], same["low"], same["high"], same["p_value"]] != [0, 0, 0, 1]:
                return f"{metric} of the same model: {same}"
        return None

    def unlabeled(self):
        """Without labels models agree on classes where they give shares of them; other numbers choose nothing."""
        softmax = [helper.make_node("Softmax", ["h"], ["y"], axis=1)]
        shares = [dense(self.folder / f"shares{index}.onnx", weights, after=softmax)
                  for index, weights in enumerate((self.weights, self.weights[:, ::-1]))]
        chosen = [np.argmax(self.output(model, self.x), 1) for model in shares]
        quality = self.compare(*shares, *self.data[:2])
        if "agreement" in self.compare(self.one, self.two, *self.data[:2]):
            return "numbers that may be anything choose classes"
        return near(share(quality["agreement"]), wilson(np.sum(chosen[0] == chosen[1]), SAMPLES), "agreement")

    def samples(self):
        """Outcomes are of samples: the same in any layout of the model, others with the same labels."""
        digest = lambda model, x, *more: json.loads(reference.call(
            self.binary, ["evaluate", model, "--data", x, *self.data[2:], "--json", *more])
        )["quality"]["outcomes"]["samples_sha256"]
        wanted = digest(self.one, self.data[1])
        changed = self.x.copy()
        changed[-1, -1] = np.nextafter(changed[-1, -1], np.float32(9))
        return first([
            None if digest(self.two, self.data[1], "--threads", "1") == wanted else "another model sees other samples",
            None if self.compare(self.one, self.two, *self.data)["outcomes"]["samples_sha256"] == wanted else "compare",
            None if digest(self.one, self.save("changed", changed)) != wanted else "a changed sample",
            None if digest(self.one, self.save("turned", self.x[::-1].copy())) != wanted else "another order",
            None if digest(self.one, self.data[1], "--scale", "2") != wanted else "another preparation",
        ])

    def named_classes(self):
        """Names come from data.yaml, and `evaluate` tells of one model alone."""
        (self.folder / "named").mkdir()
        for name in ("x", "labels"):
            np.save(self.folder / "named" / f"{name}.npy", np.load(self.folder / f"{name}.npy"))
        (self.folder / "named" / "data.yaml").write_text("classes: [ant, bee, cat, dog, eel]\n")
        arguments = ["--data", self.folder / "named/x.npy", "--labels", self.folder / "named/labels.npy", "--json"]
        report = json.loads(reference.call(self.binary, ["evaluate", self.one, *arguments]))
        quality = report["quality"]
        names = [entry["name"] for entry in quality["classes"]]
        if names != ["ant", "bee", "cat", "dog", "eel"] or report["verb"] != "evaluate" or "after" in report:
            return f"{names}, {report['verb']}"
        if {"after", "difference", "agreement", "output_sqnr"} & set(quality) or "after" in quality["confusion"]:
            return f"{sorted(quality)}"
        right = np.argmax(self.output(self.one, self.x), 1) == self.labels
        return near(share(quality["before"]), wilson(right.sum(), SAMPLES), "before")


def main():
    options = reference.arguments(__doc__.splitlines()[0])
    tally = reference.Tally("compare")
    with tempfile.TemporaryDirectory() as folder:
        checks = Checks(os.path.abspath(options.binary), pathlib.Path(folder))
        for name in ("classifiers", "one_class_only", "areas", "not_a_number", "other_class_count", "other_inputs", "layouts",
                     "order", "arrays", "unlabeled", "samples", "named_classes"):
            tally.attempt(name.replace("_", " "), getattr(checks, name))
    return tally.finish()


if __name__ == "__main__":
    raise SystemExit(main())
