"""PyTorch on the book's networks, on one thread of the processor: complete training steps.

    python3 benches/peers/pytorch_networks.py --seconds 2

Networks from scratch are the book's code: a product for every gate, a list of outputs, SGD by hand; concise ones are
`nn.RNN`, `nn.GRU`, `nn.LSTM` and `nn.Linear` with `torch.optim.SGD`. Every step trains on the same minibatch, since no
time depends on its content, and carries the state. Prints one line of JSON: `version`, and tokens per second of each run
of the book, or what is `absent`. Needs torch.
"""

import argparse
import json
import sys
import time


def absent(what):
    print(json.dumps({"absent": what}))
    sys.exit()


try:
    import torch
except ImportError as error:
    absent(f"{error.name} is not installed for {sys.executable}")

from torch import nn
from torch.nn import functional as F

BATCH, STEPS, VOCABULARY = 32, 35, 28
GATES = {"rnn": "h", "gru": "zrh", "lstm": "ifoc"}

# Name, cell, style, layers, hidden units, as in src/model/preset.rs.
NETWORKS = [
    ("rnn", "rnn", "scratch", 1, 512),
    ("rnn_concise", "rnn", "concise", 1, 256),
    ("gru", "gru", "scratch", 1, 256),
    ("gru_concise", "gru", "concise", 1, 256),
    ("lstm", "lstm", "scratch", 1, 256),
    ("lstm_concise", "lstm", "concise", 1, 256),
    ("deep_lstm", "lstm", "concise", 2, 256),
]


class Scratch(nn.Module):
    """The book's implementation from scratch."""

    def __init__(self, cell, hidden):
        super().__init__()
        self.cell = cell
        normal = lambda *shape: nn.Parameter(torch.randn(shape) * 0.01)
        self.gates = nn.ParameterDict()
        for gate in GATES[cell]:
            self.gates[f"x{gate}"], self.gates[f"h{gate}"] = normal(VOCABULARY, hidden), normal(hidden, hidden)
            self.gates[f"b{gate}"] = nn.Parameter(torch.zeros(hidden))
        self.w_hq, self.b_q = normal(hidden, VOCABULARY), nn.Parameter(torch.zeros(VOCABULARY))

    def forward(self, inputs, state):
        (h, c), outputs = state, []

        def gate(x, name, h):
            return x @ self.gates[f"x{name}"] + h @ self.gates[f"h{name}"] + self.gates[f"b{name}"]

        for x in inputs:
            if self.cell == "rnn":
                h = torch.tanh(gate(x, "h", h))
            elif self.cell == "gru":
                z, r = torch.sigmoid(gate(x, "z", h)), torch.sigmoid(gate(x, "r", h))
                h = z * h + (1 - z) * torch.tanh(gate(x, "h", r * h))
            else:
                i, f, o = (torch.sigmoid(gate(x, name, h)) for name in "ifo")
                c = f * c + i * torch.tanh(gate(x, "c", h))
                h = o * torch.tanh(c)
            outputs.append(h @ self.w_hq + self.b_q)
        return torch.cat(outputs), (h, c)


class Concise(nn.Module):
    """The book's concise implementation."""

    def __init__(self, cell, layers, hidden):
        super().__init__()
        self.cell = cell
        self.rnn = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell](VOCABULARY, hidden, layers)
        self.linear = nn.Linear(hidden, VOCABULARY)

    def forward(self, inputs, state):
        outputs, new = self.rnn(inputs, state if self.cell == "lstm" else state[0])
        new = new if self.cell == "lstm" else (new, state[1])
        return self.linear(outputs.flatten(0, 1)), new


def tokens_per_second(cell, style, layers, hidden, seconds):
    torch.manual_seed(1)
    tokens, targets = torch.randint(VOCABULARY, (2, STEPS, BATCH))
    network = Scratch(cell, hidden) if style == "scratch" else Concise(cell, layers, hidden)
    shape = (BATCH, hidden) if style == "scratch" else (layers, BATCH, hidden)
    state, optimizer = (torch.zeros(shape), torch.zeros(shape)), torch.optim.SGD(network.parameters(), lr=1)

    def step(state):
        logits, state = network(F.one_hot(tokens, VOCABULARY).float(), state)
        loss = F.cross_entropy(logits, targets.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1)
        optimizer.step()
        return tuple(part.detach() for part in state)

    for _ in range(3):
        state = step(state)
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        state = step(state)
        steps += 1
    return steps * BATCH * STEPS / (time.perf_counter() - start)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2)
    seconds = parser.parse_args().seconds
    torch.set_num_threads(1)
    results = {name: tokens_per_second(*network, seconds) for name, *network in NETWORKS}
    print(json.dumps({"version": f"PyTorch {torch.__version__}", "tokens_per_second": results}))
