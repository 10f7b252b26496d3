"""Goes on with a checkpoint of Time Traveller in PyTorch, on any machine that has it.

    python3 continue_in_pytorch.py run.safetensors                         # the text is timemachine.txt, beside it
    python3 continue_in_pytorch.py run.safetensors --text FILE --epochs 1000 --device cuda --save further.safetensors

Same network, settings, sampling and text; only where the windows begin is drawn anew, unless the run has a fixed window
offset. What --save writes, the page and the example `train` open again. Needs torch and safetensors.
"""

import argparse
import hashlib
import json
import math
import random
import re
import sys
import time
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch.nn.functional import cross_entropy

NAMES = ["w_xh", "w_hh", "b_h", "w_hq", "b_q"]


def clean(text):
    """As the book does it: letters and single spaces, in lower case, lines joined with nothing between them."""
    lines = (re.sub("[^A-Za-z]+", " ", line).strip() for line in text.split("\n"))
    return "".join(lines).lower()


def read(path):
    """A text, with line feeds between lines, as the page reads it."""
    data = Path(path).read_bytes()
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = data.decode("utf-16" if utf16 else "utf-8-sig", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


class Run:
    """A checkpoint, and what it takes to go on."""

    def __init__(self, path, text, device):
        with safe_open(path, "pt") as file:
            self.metadata = file.metadata() or {}
            if self.metadata.get("format") != "time-traveller checkpoint 1":
                sys.exit(f"{path} is no checkpoint that this program knows: download one from the page.")
            self.tensors = {name: file.get_tensor(name) for name in file.keys()}
        cleaned = text if self.metadata.get("cleaning") == "verbatim" else clean(text)
        if hashlib.sha1(cleaned.encode()).hexdigest() != self.metadata["text"]:
            sys.exit("This is not the text that the run has learnt: name that one with --text.")
        self.device = device
        self.parameters = {name: self.tensors[name].to(device).requires_grad_() for name in NAMES}
        self.characters = ["<unk>", *self.metadata["vocabulary"]]
        self.ids = {c: i for i, c in enumerate(self.characters)}
        self.batch, self.steps, self.length = (int(self.metadata[key]) for key in ("batch", "steps", "tokens"))
        self.tokens = torch.tensor(self.encode(cleaned[: self.length]), device=device)
        self.epochs, self.norms = self.tensors["epochs"].tolist(), self.tensors["grad_norms"].tolist()
        self.samples = json.loads(self.metadata["samples"])
        self.rng = random.Random(f"{self.metadata['seed']} after {len(self.epochs)}")

    def encode(self, text):
        return [self.ids.get(c, 0) for c in text]

    def rates(self, place):
        """Learning rate and clipping threshold of a minibatch: (finished epochs, its number)."""
        return [row[2:] for row in self.tensors["rates"].tolist() if (row[0], row[1]) <= place][-1]

    def windows(self):
        """Inputs and targets (B, T) of each minibatch of an epoch."""
        shuffled = self.metadata["sampling"] == "random"
        largest = self.steps - shuffled
        offset = int(self.metadata.get("window-offset", self.rng.randint(0, largest)))
        room = self.length - offset - 1
        if shuffled:
            starts = [offset + i * self.steps for i in range(room // self.steps)]
            self.rng.shuffle(starts)
            starts = [starts[m : m + self.batch] for m in range(0, len(starts) - self.batch + 1, self.batch)]
        else:
            row = room // self.batch
            starts = [[offset + b * row + m * self.steps for b in range(self.batch)] for m in range(row // self.steps)]
        for rows in starts:
            places = torch.tensor(rows, device=self.device)[:, None] + torch.arange(self.steps, device=self.device)
            yield self.tokens[places], self.tokens[places + 1]

    def forward(self, inputs, h):
        """Logits (T, B, V) of inputs (B, T), and the last state."""
        w_xh, w_hh, b_h, w_hq, b_q = self.parameters.values()
        states = []
        for x in inputs.T:
            h = torch.tanh(w_xh[x] + h @ w_hh + b_h)
            states.append(h)
        return torch.stack(states) @ w_hq + b_q, h

    def train_epoch(self):
        """Mean loss of an epoch; its norms are kept."""
        losses, h, parameters = [], None, list(self.parameters.values())
        for m, (inputs, targets) in enumerate(self.windows()):
            if h is None or self.metadata["state"] == "reset":
                h = torch.zeros(self.batch, len(self.parameters["b_h"]), device=self.device)
            logits, h = self.forward(inputs, h.detach())
            loss = cross_entropy(logits.flatten(0, 1), targets.T.flatten())
            gradients = torch.autograd.grad(loss, parameters)
            norm = math.sqrt(sum((g * g).sum().item() for g in gradients))
            learning_rate, clip = self.rates((len(self.epochs), m))
            factor = min(1.0, clip / norm) if norm > 0 else 1.0
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients):
                    parameter -= learning_rate * factor * gradient
            losses.append(loss.item())
            self.norms.append(norm)
        return sum(losses) / len(losses), len(losses)

    @torch.no_grad()
    def continuation(self, prefix, length=50):
        ids, h = self.encode(prefix), torch.zeros(1, len(self.parameters["b_h"]), device=self.device)
        for i in range(len(ids) + length - 1):
            logits, h = self.forward(torch.tensor([[ids[i]]], device=self.device), h)
            if i + 1 == len(ids):
                ids.append(logits.argmax().item())
        return "".join(self.characters[i] for i in ids)

    def advance(self, prefix):
        """Trains an epoch; says what it came to."""
        start = time.monotonic()
        loss, minibatches = self.train_epoch()
        speed = minibatches * self.batch * self.steps / (time.monotonic() - start)
        self.epochs.append([loss, speed, minibatches])
        self.samples.append([prefix, self.continuation(prefix)])
        perplexity = math.exp(loss) if loss < 700 else math.inf
        print(f"epoch {len(self.epochs):>4}  perplexity {perplexity:.6g}  {speed:.0f} tokens/s  {self.samples[-1][1]}")

    def save(self, path, epochs):
        tensors = {name: parameter.detach().cpu().contiguous() for name, parameter in self.parameters.items()}
        tensors["epochs"] = torch.tensor(self.epochs, dtype=torch.float64).reshape(-1, 3)
        tensors["grad_norms"] = torch.tensor(self.norms, dtype=torch.float32)
        tensors["rates"] = self.tensors["rates"]
        metadata = {**self.metadata, "epochs": str(epochs), "samples": json.dumps(self.samples)}
        metadata["validation"] = "0"  # no tokens are held out here
        save_file(tensors, path, metadata)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint")
    parser.add_argument("--text", default="timemachine.txt", help="the text that the run learns (timemachine.txt)")
    parser.add_argument("--epochs", type=int, help="how many epochs the run is to have in all (those of its settings)")
    parser.add_argument("--prefix", default="time traveller", help="what the samples continue")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--save", metavar="FILE", help="where to write a checkpoint at the end")
    arguments = parser.parse_args()
    if not Path(arguments.text).is_file():
        sys.exit(f"There is no text {arguments.text}: name the one that the run learns with --text.")
    run = Run(arguments.checkpoint, read(arguments.text), arguments.device)
    epochs = max(arguments.epochs or int(run.metadata["epochs"]), len(run.epochs))
    while len(run.epochs) < epochs:
        run.advance(arguments.prefix)
    print(run.continuation(arguments.prefix))
    if arguments.save:
        run.save(arguments.save, epochs)


if __name__ == "__main__":
    main()
