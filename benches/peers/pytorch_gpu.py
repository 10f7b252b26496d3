"""PyTorch on a CUDA GPU in the book's setting: complete training steps, eager and as one CUDA graph.

    python3 benches/peers/pytorch_gpu.py

`scratch` is the book's implementation from scratch, `rnn` its concise one with `nn.RNN`, which cuDNN computes. Every step
trains on the same minibatch, since neither time depends on its content. Nothing in a step waits for the GPU. Prints one
line of JSON: `device`, `version`, and tokens per second for each, or what is `absent`. Needs torch with CUDA.
"""

import json
import sys
import time

BATCH, STEPS, HIDDEN, VOCABULARY = 32, 35, 512, 28
SECONDS = 2


def absent(what):
    print(json.dumps({"absent": what}))
    sys.exit()


try:
    import torch
except ImportError as error:
    absent(f"{error.name} is not installed for {sys.executable}")

from torch import nn
from torch.nn import functional as F

if not torch.cuda.is_available():
    absent("this PyTorch finds no GPU with CUDA")
torch.manual_seed(1)
INPUTS, TARGETS = torch.randint(VOCABULARY, (2, STEPS, BATCH), device="cuda")


class Scratch:
    """The book's implementation from scratch."""

    def __init__(self):
        normal = lambda *shape: (torch.randn(shape, device="cuda") * 0.01).requires_grad_()
        zeros = lambda *shape: torch.zeros(shape, device="cuda", requires_grad=True)
        self.weights = [
            normal(VOCABULARY, HIDDEN),
            normal(HIDDEN, HIDDEN),
            zeros(HIDDEN),
            normal(HIDDEN, VOCABULARY),
            zeros(VOCABULARY),
        ]

    def parameters(self):
        return self.weights

    def forward(self, h):
        w_xh, w_hh, b_h, w_hq, b_q = self.weights
        outputs = []
        for x in F.one_hot(INPUTS, VOCABULARY).float():
            h = torch.tanh(torch.mm(x, w_xh) + torch.mm(h, w_hh) + b_h)
            outputs.append(torch.mm(h, w_hq) + b_q)
        return torch.cat(outputs), h


class Concise(nn.Module):
    """The book's concise implementation."""

    def __init__(self):
        super().__init__()
        self.rnn, self.linear = nn.RNN(VOCABULARY, HIDDEN), nn.Linear(HIDDEN, VOCABULARY)
        self.cuda()

    def forward(self, h):
        outputs, h = self.rnn(F.one_hot(INPUTS, VOCABULARY).float(), h.unsqueeze(0))
        return self.linear(outputs.flatten(0, 1)), h.squeeze(0)


def training_step(network):
    """A function that trains on a minibatch, carrying the state."""
    state = torch.zeros(BATCH, HIDDEN, device="cuda")
    parameters = list(network.parameters())

    def step():
        logits, h = network.forward(state)
        loss = F.cross_entropy(logits, TARGETS.reshape(-1))
        grads = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            norm = torch.sqrt(sum(grad.square().sum() for grad in grads))
            rate = torch.clamp(1 / norm, max=1.0)
            for parameter, grad in zip(parameters, grads):
                parameter -= rate * grad
            state.copy_(h)

    return step


def as_graph(step):
    """The step as one CUDA graph."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def tokens_per_second(step):
    for _ in range(20):
        step()
    torch.cuda.synchronize()
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS:
        for _ in range(20):
            step()
        torch.cuda.synchronize()
        steps += 20
    return steps * BATCH * STEPS / (time.perf_counter() - start)


results = {"device": torch.cuda.get_device_name(), "version": f"PyTorch {torch.__version__}"}
for name, network in [("scratch", Scratch), ("rnn", Concise)]:
    results[f"{name}, eager"] = tokens_per_second(training_step(network()))
    results[f"{name}, one CUDA graph"] = tokens_per_second(as_graph(training_step(network())))
print(json.dumps(results))
