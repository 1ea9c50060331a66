"""A .tflite file in the TensorFlow Lite Micro interpreter, in a process of its own: it aborts instead of failing.

usage: micro.py MODEL.tflite INPUTS.npz OUTPUTS.npz

INPUTS holds in0, in1, …: for each input of the model its samples, stacked along a new first axis. OUTPUTS gets out0,
out1, … likewise. Prints the interpreter's account of its arena.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np


class MicroFailure(Exception):
    """The interpreter refused the model or aborted."""


def run(model, inputs, timeout=300):
    """(outputs, account of the arena): `inputs` and `outputs` are lists of stacked samples."""
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/in.npz", **{f"in{index}": value for index, value in enumerate(inputs)})
        result = subprocess.run(
            [sys.executable, os.path.abspath(__file__), str(model), f"{folder}/in.npz", f"{folder}/out.npz"],
            capture_output=True, text=True, errors="replace", timeout=timeout)
        account = result.stdout + result.stderr
        if result.returncode:
            reason = f"signal {-result.returncode}" if result.returncode < 0 else f"code {result.returncode}"
            lines = [line for line in account.splitlines() if line.strip()]
            raise MicroFailure(f"tflite-micro ended with {reason}: {' / '.join(lines[-4:])[-400:]}")
        with np.load(f"{folder}/out.npz") as outputs:
            return [outputs[f"out{index}"] for index in range(len(outputs.files))], account


def main():
    from tflite_micro.python.tflite_micro import runtime

    model, inputs, target = sys.argv[1:]
    content = open(model, "rb").read()
    # Room for the activations of anything in the corpus; the account says what was used.
    interpreter = runtime.Interpreter.from_bytes(content, arena_size=max(64 << 20, 10 * len(content)))
    with np.load(inputs) as stored:
        samples = [stored[f"in{index}"] for index in range(len(stored.files))]
    results, count = [], None
    for row in zip(*samples):
        interpreter.reset()
        for index, value in enumerate(row):
            interpreter.set_input(value, index)
        interpreter.invoke()
        count = count or outputs_of(interpreter)
        results.append([np.array(interpreter.get_output(index)) for index in range(count)])
    np.savez(target, **{f"out{index}": np.stack(values) for index, values in enumerate(zip(*results))})
    interpreter.print_allocations()


def outputs_of(interpreter):
    """How many outputs the model has; the interpreter tells only by refusing the next one."""
    count = 0
    while True:
        try:
            interpreter.get_output(count)
        except Exception:
            return count
        count += 1


if __name__ == "__main__":
    main()
