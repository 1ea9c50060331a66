#!/usr/bin/env python3
"""The arena that edgeopt states and plans, beside what the tflite-micro interpreter reports.

usage: arena.py BINARY [--networks N]

- For every .tflite file of the repository, and with EDGEOPT_SHARED for the published networks: head and tail that
  `edgeopt inspect --json` states are the interpreter's, and an arena of the stated minimum gives the same bytes as a
  roomy one.
- `edgeopt convert --memory-plan best` on the same files and on random networks with many branches: the interpreter
  reports the stated head and tail, which are never more than those of its own plan, and gives the same bytes.
"""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import helper, numpy_helper

import reference

VECTORS = reference.REPOSITORY / "Tests" / "MicroRuntimeTests" / "Vectors"
ROOMY = 32 << 20


# The interpreter's side: many files in one process, which is started again when a file kills it.

def child(list_file):
    from tflite_micro.python.tflite_micro import runtime

    for index, (path, arena) in enumerate(json.loads(pathlib.Path(list_file).read_text())):
        os.write(2, f"\nBEGIN {index}\n".encode())
        interpreter = runtime.Interpreter.from_bytes(pathlib.Path(path).read_bytes(), arena_size=arena)
        digest = hashlib.sha256()
        generator = np.random.default_rng(7)
        for _ in range(2):
            interpreter.reset()
            for place, details in enumerate(listed(interpreter.get_input_details)):
                interpreter.set_input(noise(generator, details), place)
            interpreter.invoke()
            for value in listed(interpreter.get_output):
                digest.update(np.ascontiguousarray(value).tobytes())
        interpreter.print_allocations()
        os.write(2, f"\nEND {digest.hexdigest()}\n".encode())


def listed(getter):
    """All that a getter has; it tells only by refusing the next one."""
    result = []
    while True:
        try:
            value = getter(len(result))
        except Exception:
            return result
        result.append({**value} if isinstance(value, dict) else np.array(value))


def noise(generator, details):
    kind, shape = np.dtype(details["dtype"]), [int(extent) for extent in details["shape"]]
    if kind.kind == "f":
        return generator.standard_normal(shape).astype(kind)
    return generator.integers(0, 2, shape).astype(kind) if kind.kind == "b" else generator.integers(-100, 101, shape).astype(kind)


def accounts(jobs):
    """For each (path, arena size): head, tail and a digest of outputs, or what went wrong."""
    results = [None] * len(jobs)
    first = 0
    while first < len(jobs):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump([[str(path), arena] for path, arena in jobs[first:]], file)
            file.flush()
            command = [sys.executable, os.path.abspath(__file__), "--child", file.name]
            text = subprocess.run(command, capture_output=True, timeout=600).stderr.decode(errors="replace")
        begun = re.split(r"\nBEGIN \d+\n", text)[1:]
        if not begun:
            return [f"the interpreter did not start: {text[-200:]}"] * len(jobs)
        for index, part in enumerate(begun):
            end = re.search(r"\nEND (\w+)", part)
            sizes = {name: int(size) for name, size in re.findall(r"Arena allocation (head|tail) (\d+) bytes", part)}
            results[first + index] = {**sizes, "digest": end[1]} if end else "refused: " + " / ".join(part.split("\n"))[-200:]
        first += len(begun)
    return results


# edgeopt's side.

def stated(binary, path):
    return json.loads(reference.call(binary, ["inspect", path, "--json"]))["arena"]["python"]


def differences(arena, account):
    return ", ".join(f"{part} {arena[part]} instead of {account[part]}" for part in ("head", "tail") if arena[part] != account[part])


def files():
    result = sorted(VECTORS.glob("*.tflite"))
    if reference.shared():
        return result + sorted((reference.shared() / "corpus" / "reference_tflite").glob("*.tflite"))
    print("the published networks: skipped, EDGEOPT_SHARED is not set")
    return result


def check_numbers(tally, binary, paths):
    """The stated numbers of each file; returns the interpreter's account of those that hold."""
    arenas = reference.in_parallel(lambda path: stated(binary, path), paths)
    roomy = accounts([(path, ROOMY) for path in paths])
    tight = accounts([(path, arena["minimum"]) for path, arena in zip(paths, arenas)])
    good = {}
    for path, arena, account, least in zip(paths, arenas, roomy, tight):
        if isinstance(account, str):
            tally.check(path.name, account)
        elif tally.check(f"{path.name}: head and tail", differences(arena, account) or None):
            good[path] = account
            problem = least if isinstance(least, str) else None if least == account else "other results"
            tally.check(f"{path.name}: an arena of {arena['minimum']} bytes", problem)
    return good


def check_plans(tally, binary, accounts_by_path, folder, least_share=0.0):
    """Better plans of each file: as stated, no larger, the same bytes."""
    paths = list(accounts_by_path)
    planned = [folder / f"{path.stem}.best.tflite" for path in paths]

    def convert(index):
        reference.call(binary, ["convert", paths[index], "-o", planned[index], "--memory-plan", "best", "--force", "-q"])
        return stated(binary, planned[index])

    arenas = reference.in_parallel(convert, range(len(paths)))
    smaller = 0
    for path, arena, account in zip(paths, arenas, accounts([(path, arena["minimum"]) for path, arena in zip(planned, arenas)])):
        greedy = accounts_by_path[path]
        if isinstance(account, str):
            tally.check(f"{path.name} with the best plan", account)
            continue
        problem = differences(arena, account)
        problem = problem or (None if account["digest"] == greedy["digest"] else "other outputs")
        problem = problem or (f"head {account['head']}, {greedy['head']} before" if account["head"] > greedy["head"] else None)
        tally.check(f"{path.name} with the best plan", problem)
        smaller += account["head"] < greedy["head"]
    print(f"arena: a smaller head for {smaller} of {len(paths)} files")
    tally.check("smaller heads", None if smaller >= least_share * len(paths) else f"only {smaller} of {len(paths)}")


# Random networks.

def network(seed):
    """Convolutions, pools, sums and joins that branch a lot."""
    generator = np.random.default_rng(seed)
    nodes, weights = [], []
    tensors = [("image", (int(generator.integers(1, 5)), 16))]

    def add(kind, inputs, channels, side, **attributes):
        name = f"t{len(tensors)}"
        nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        tensors.append((name, (channels, side)))

    def pick():
        window = len(tensors) if generator.random() < 0.3 else min(4, len(tensors))
        return tensors[len(tensors) - 1 - int(generator.integers(window))]

    for _ in range(int(generator.integers(5, 22))):
        name, (channels, side) = pick()
        same = [other for other, shape in tensors if shape == (channels, side) and other != name]
        alike = [(other, shape[0]) for other, shape in tensors if shape[1] == side and other != name]
        kind = generator.choice(["Conv", "Conv", "MaxPool", "Add", "Concat", "Reshape"])
        if kind == "Conv":
            count = int(generator.integers(1, 17))
            weights.append(numpy_helper.from_array(
                generator.standard_normal((count, channels, 1, 1), np.float32), f"w{len(weights)}"))
            add("Conv", [name, weights[-1].name], count, side)
        elif kind == "MaxPool" and side > 2:
            add("MaxPool", [name], channels, side // 2, kernel_shape=[2, 2], strides=[2, 2])
        elif kind == "Reshape" and side > 2:
            target = np.array([1, 4 * channels, side // 2, side // 2], np.int64)
            weights.append(numpy_helper.from_array(target, f"s{len(weights)}"))
            add("Reshape", [name, weights[-1].name], 4 * channels, side // 2)
        elif kind == "Add" and same:
            add("Add", [name, same[int(generator.integers(len(same)))]], channels, side)
        elif kind == "Concat" and alike:
            other, more = alike[int(generator.integers(len(alike)))]
            add("Concat", [name, other], channels + more, side, axis=1)
    read = {name for node in nodes for name in node.input}
    value = lambda name, shape: helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, shape[0], shape[1], shape[1]])
    outputs = [value(*tensor) for tensor in tensors[1:] if tensor[0] not in read]
    graph = helper.make_graph(nodes, f"network{seed}", [value(*tensors[0])], outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def random_networks(binary, folder, count):
    def convert(seed):
        source = folder / f"network{seed}.onnx"
        onnx.save(network(seed), str(source))
        reference.call(binary, ["convert", source, "-o", source.with_suffix(".tflite"), "--force", "-q"])
        return source.with_suffix(".tflite")

    return reference.in_parallel(convert, range(count))


def main():
    options = reference.arguments(__doc__.splitlines()[0], networks=30)
    binary = os.path.abspath(options.binary)
    tally = reference.Tally("arena")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        check_plans(tally, binary, check_numbers(tally, binary, files()), folder)
        made = check_numbers(tally, binary, random_networks(binary, folder, int(options.networks)))
        # Half of such networks leave something to gain; fewer would mean that the search is broken.
        check_plans(tally, binary, made, folder, least_share=0.3)
    return tally.finish()


if __name__ == "__main__":
    if sys.argv[1] == "--child":
        child(sys.argv[2])
    else:
        sys.exit(main())
