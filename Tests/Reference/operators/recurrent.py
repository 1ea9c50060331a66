"""RNN, GRU and LSTM in all directions."""
import numpy as np

from operators.case import Case, operator

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
ACTIVATIONS = {"RNN": 1, "GRU": 2, "LSTM": 3}


@operator("RNN", "GRU", "LSTM")
def recurrent(draw):
    gates = GATES[draw.name]
    direction = draw.choice(["forward", "reverse", "bidirectional"])
    directions = 2 if direction == "bidirectional" else 1
    steps, batch, size, hidden = draw.integer(1, 7), draw.integer(1, 3), draw.integer(1, 9), draw.integer(1, 18)
    batch_first = draw.version >= 14 and draw.chance(0.2)

    def state():
        shape = [batch, directions, hidden] if batch_first else [directions, batch, hidden]
        return draw.normal(shape) if draw.chance(0.4) else None

    attributes = {"hidden_size": hidden}
    if direction != "forward" or draw.chance(0.3):
        attributes["direction"] = direction
    if batch_first:
        attributes["layout"] = 1
    if draw.name == "GRU":
        draw.attribute(attributes, "linear_before_reset", draw.integer(0, 1))
    # ONNX Runtime has no batch-first layout, and the reference evaluator that stands in only the plain layers.
    plain = batch_first
    if draw.name == "LSTM" and draw.chance(0.1) and not plain:
        attributes["input_forget"] = 1
    if draw.chance(0.15) and not plain:
        attributes["clip"] = draw.number(0.5, 2)
    if draw.chance(0.3) and not plain:
        attributes["activations"] = [
            draw.choice(["Sigmoid", "Tanh", "Relu"]) for _ in range(ACTIVATIONS[draw.name] * directions)
        ]
    x = draw.normal([batch, steps, size] if batch_first else [steps, batch, size])
    weights = draw.normal([directions, gates * hidden, size], 0.4)
    recurrence = draw.normal([directions, gates * hidden, hidden], 0.3)
    bias = draw.normal([directions, 2 * gates * hidden], 0.3) if draw.chance(0.7) else None
    lengths = draw.integers([batch], 1, steps, np.int32) if draw.chance(0.2) and not plain else None
    inputs = [x, weights, recurrence, bias, lengths, state()]
    if draw.name == "LSTM":
        inputs += [state(), draw.normal([directions, 3 * hidden], 0.3) if draw.chance(0.2) and not plain else None]
    count = 3 if draw.name == "LSTM" else 2
    omitted = draw.choice([(), (), (0,), (1,), tuple(range(1, count))])
    return Case(inputs, attributes, outputs=count, constant=(1, 2, 3, 7), omitted=omitted)
