"""PyTorch on the bench's case: the book's two implementations, each with complete training steps.

    python3 benches/peers/pytorch.py target/bench --network scratch --threads 1 --seconds 6

`scratch` is the book's implementation from scratch: one-hot matrices, `tanh`, a list of outputs, clipping and SGD by
hand. `rnn` is its concise one: `nn.RNN` and a linear layer, with `torch.optim.SGD`. Prints one line of JSON, the
bench's `Outcome`, or what is `absent`. Needs torch (`pip install torch`).
"""

import argparse
import base64
import json
import sys
import time
from pathlib import Path


def absent(what):
    print(json.dumps({"absent": what}))
    sys.exit()


try:
    import torch
except ImportError as error:
    absent(f"{error.name} is not installed for {sys.executable}")

from torch import nn
from torch.nn import functional as F

PARAMETERS = ["w_xh", "w_hh", "b_h", "w_hq", "b_q"]


class Scratch:
    """Plain tensors; inputs are (B, T)."""

    def __init__(self, tensors, config):
        self.tensors = [tensors[name].requires_grad_() for name in PARAMETERS]
        self.lr = config["lr"]

    def parameters(self):
        return self.tensors

    def forward(self, inputs, h):
        w_xh, w_hh, b_h, w_hq, b_q = self.tensors
        outputs = []
        for x in F.one_hot(inputs.T, w_xh.shape[0]).float():
            h = torch.tanh(torch.mm(x, w_xh) + torch.mm(h, w_hh) + b_h)
            outputs.append(torch.mm(h, w_hq) + b_q)
        return torch.cat(outputs), h

    def zero_grad(self):
        for tensor in self.tensors:
            tensor.grad = None

    def update(self):
        with torch.no_grad():
            for tensor in self.tensors:
                tensor -= self.lr * tensor.grad

    def trained(self):
        return self.tensors


class Concise(nn.Module):
    """`nn.RNN`. It has two biases where the network has one: the second stays zero."""

    def __init__(self, tensors, config):
        super().__init__()
        vocabulary, hidden = tensors["w_xh"].shape
        self.rnn = nn.RNN(vocabulary, hidden)
        self.linear = nn.Linear(hidden, vocabulary)
        self.vocabulary = vocabulary
        with torch.no_grad():
            for parameter, name in zip(self.ours(), PARAMETERS):
                parameter.copy_(tensors[name].T if tensors[name].dim() == 2 else tensors[name])
            self.rnn.bias_hh_l0.zero_()
        self.rnn.bias_hh_l0.requires_grad_(False)
        self.to(tensors["w_xh"].device)
        self.optimizer = torch.optim.SGD([p for p in self.parameters() if p.requires_grad], lr=config["lr"])

    def ours(self):
        return [self.rnn.weight_ih_l0, self.rnn.weight_hh_l0, self.rnn.bias_ih_l0, self.linear.weight, self.linear.bias]

    def forward(self, inputs, h):
        x = F.one_hot(inputs.T, self.vocabulary).float()
        outputs, h = self.rnn(x, h.unsqueeze(0))
        return self.linear(outputs.flatten(0, 1)), h.squeeze(0)

    def zero_grad(self):
        self.optimizer.zero_grad()

    def update(self):
        self.optimizer.step()

    def trained(self):
        return [parameter.T if parameter.dim() == 2 else parameter for parameter in self.ours()]


def clip(parameters, theta):
    """Scales the gradients to a global norm of at most theta."""
    grads = [p.grad for p in parameters if p.requires_grad]
    norm = torch.sqrt(sum(torch.sum(grad**2) for grad in grads))
    if norm > theta:
        for grad in grads:
            grad *= theta / norm


class Trainer:
    def __init__(self, network, config, zero):
        self.network, self.clip, self.zero, self.state = network, config["clip"], zero, zero
        self.waiting = []

    def step(self, begins, inputs, targets):
        h = self.zero if begins else self.state.detach()
        logits, self.state = self.network.forward(inputs, h)
        loss = F.cross_entropy(logits, targets.T.reshape(-1))
        self.network.zero_grad()
        loss.backward()
        clip(self.network.parameters(), self.clip)
        self.network.update()
        self.waiting.append(loss.detach())

    def losses(self):
        """The losses since the last call, once all steps are done."""
        losses = [loss.item() for loss in self.waiting]
        self.waiting.clear()
        self.network.trained()[-1].sum().item()  # the last update
        return losses


def measure(trainer, minibatches, seconds):
    """As training.js: three minibatches for warm-up, the last of which sets the count, then the measurement."""
    losses, at = [], 0

    def train(count):
        nonlocal at
        start = time.perf_counter()
        for minibatch in minibatches[at : at + count]:
            if minibatch[0] and at > 0:
                losses.extend(trainer.losses())
            trainer.step(*minibatch)
            at += 1
        losses.extend(trainer.losses())
        return time.perf_counter() - start

    train(1)
    train(1)
    count = min(max(round(seconds / train(1)), 1), len(minibatches) - at)
    return count, train(count), losses


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("case", type=Path)
    parser.add_argument("--network", choices=["scratch", "rnn"], required=True)
    parser.add_argument("--threads", type=int, help="of the processor; 0 for the GPU")
    parser.add_argument("--seconds", type=float, default=6)
    arguments = parser.parse_args()
    case = json.loads((arguments.case / "case.json").read_text())
    config, sizes = case["config"], case["sizes"]
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
        device = "cpu"
    elif torch.cuda.is_available():
        device = "cuda"
    elif torch.backends.mps.is_available():
        device = "mps"
    else:
        absent("this PyTorch finds no GPU")

    b, t, h, v = (sizes[name] for name in ["batch", "steps", "hidden", "vocabulary"])
    numbers = torch.frombuffer(bytearray((arguments.case / "parameters.f32").read_bytes()), dtype=torch.float32)
    shapes = [(v, h), (h, h), (h,), (h, v), (v,)]
    parts = numbers.split([torch.Size(shape).numel() for shape in shapes])
    tensors = {name: part.view(shape).clone().to(device) for name, part, shape in zip(PARAMETERS, parts, shapes)}
    ids = lambda minibatch, name: torch.tensor(minibatch[name], device=device).view(b, t)
    minibatches = [(m["begins"], ids(m, "inputs"), ids(m, "targets")) for m in case["minibatches"]]

    network = {"scratch": Scratch, "rnn": Concise}[arguments.network](tensors, config)
    trainer = Trainer(network, config, torch.zeros(b, h, device=device))
    count, seconds, losses = measure(trainer, minibatches, arguments.seconds)
    trained = torch.cat([parameter.detach().cpu().reshape(-1) for parameter in network.trained()])
    name = torch.cuda.get_device_name() if device == "cuda" else device
    print(
        json.dumps(
            {
                "device": f"CPU, threads: {torch.get_num_threads()}" if device == "cpu" else name,
                "version": f"PyTorch {torch.__version__}",
                "tokens": count * b * t,
                "seconds": seconds,
                "span": "minibatch",
                "losses": losses,
                "parameters": base64.b64encode(bytes(trained.view(torch.uint8).tolist())).decode(),
            }
        )
    )


if __name__ == "__main__":
    main()
