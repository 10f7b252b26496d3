"""Goes on with a checkpoint of Time Traveller in PyTorch, on any machine that has it.

    python3 continue_in_pytorch.py run.safetensors                         # the text is timemachine.txt, beside it
    python3 continue_in_pytorch.py run.safetensors --text FILE --epochs 1000 --device cuda --save further.safetensors

Same network, settings, optimizer, sampling and text; only where the windows begin is drawn anew, unless the run has a
fixed window offset, and their order if it is random. What --save writes, the page and the example `train` open again.

On several processes, each of which has its rows of every minibatch, with the same result up to rounding: on two
processors or GPUs of a machine, and on sixteen GPUs of two machines, where the second line is run on both:

    torchrun --nproc_per_node=2 continue_in_pytorch.py run.safetensors --save further.safetensors
    torchrun --nnodes=2 --nproc_per_node=8 --rdzv_backend=c10d --rdzv_endpoint=HOST:29500 continue_in_pytorch.py ...

Needs torch and safetensors.
"""

import argparse
import hashlib
import json
import math
import os
import random
import re
import sys
import time
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import distributed, nn
from torch.nn.functional import cross_entropy, one_hot

# torchrun sets these: the number of this process among all and among those of its machine, and how many there are.
RANK, LOCAL_RANK = (int(os.environ.get(key, 0)) for key in ("RANK", "LOCAL_RANK"))
PROCESSES, LOCAL_PROCESSES = (int(os.environ.get(key, 1)) for key in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"))

# Of settings that were added later: an older checkpoint lacks them.
DEFAULTS = dict(cell="rnn", style="scratch", layers=1, optimizer="sgd", momentum=0.9, weight_decay=0, cleaning="book")
KNOWN = {
    "cell": ["rnn", "gru", "lstm"],
    "style": ["scratch", "concise"],
    "optimizer": ["sgd", "momentum", "adam"],
    "sampling": ["sequential", "random", "windows"],
    "state": ["carry", "reset"],
    "cleaning": ["book", "whole", "verbatim"],
}
# What an optimizer keeps for each parameter: its name in a checkpoint, and in torch.optim.
STATE = {
    "sgd": {},
    "momentum": {"velocity": "momentum_buffer"},
    "adam": {"exp_avg": "exp_avg", "exp_avg_sq": "exp_avg_sq"},
}
BETAS = 0.9, 0.999


def fail(sentence):
    """Ends the program with a sentence; of the processes of a machine only the first says it."""
    sys.exit(0 if LOCAL_RANK else sentence)


def clean(text, how):
    """Letters and single spaces, in lower case. The book joins lines with nothing between them, its English edition
    (`whole`) with a space."""
    if how == "verbatim":
        return text
    if how == "whole":
        return re.sub("[^A-Za-z]+", " ", text).lower()
    return "".join(re.sub("[^A-Za-z]+", " ", line).strip() for line in text.split("\n")).lower()


def read(path):
    """A text, with line feeds between lines, as the page reads it."""
    data = Path(path).read_bytes()
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = data.decode("utf-16" if utf16 else "utf-8-sig", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def of_layer(name, layer):
    return f"{name}_l{layer}" if layer else name


class Scratch(nn.Module):
    """The book's network from scratch, with its names. A layer above the first reads the states of the one below."""

    GATES = {"rnn": "h", "gru": "zrh", "lstm": "ifoc"}

    def __init__(self, cell, vocabulary, hidden, layers):
        super().__init__()
        self.cell, self.layers = cell, layers
        add = lambda name, *shape: self.register_parameter(name, nn.Parameter(torch.zeros(shape)))
        for layer in range(layers):
            for gate in self.GATES[cell]:
                add(of_layer(f"w_x{gate}", layer), hidden if layer else vocabulary, hidden)
                add(of_layer(f"w_h{gate}", layer), hidden, hidden)
                add(of_layer(f"b_{gate}", layer), hidden)
        add("w_hq", hidden, vocabulary)
        add("b_q", vocabulary)

    def run_layer(self, layer, below, h, c):
        """States (T, B, H), and the last h and c. `below`: ids (T, B) at the first layer, else states."""
        w = lambda name: getattr(self, of_layer(name, layer))
        # The input's part of all steps at once. A row of w_x is its product with a one-hot vector.
        product = lambda w_x: below @ w_x if layer else w_x[below]
        x = {gate: product(w(f"w_x{gate}")) + w(f"b_{gate}") for gate in self.GATES[self.cell]}
        states = []
        for t in range(len(below)):
            z = lambda gate, state: x[gate][t] + state @ w(f"w_h{gate}")
            if self.cell == "rnn":
                h = torch.tanh(z("h", h))
            elif self.cell == "gru":
                update, reset = torch.sigmoid(z("z", h)), torch.sigmoid(z("r", h))
                h = update * h + (1 - update) * torch.tanh(z("h", reset * h))
            else:
                i, f, o = (torch.sigmoid(z(gate, h)) for gate in "ifo")
                c = f * c + i * torch.tanh(z("c", h))
                h = o * torch.tanh(c)
            states.append(h)
        return torch.stack(states), h, c

    def forward(self, inputs, h, c):
        """Logits (T, B, V) of inputs (B, T), and the last h and c (L, B, H); only an LSTM has cells c."""
        states, hs, cs = inputs.T, [], []
        for layer in range(self.layers):
            states, h_last, c_last = self.run_layer(layer, states, h[layer], c[layer])
            hs.append(h_last)
            cs.append(c_last)
        return states @ self.w_hq + self.b_q, torch.stack(hs), torch.stack(cs)


class RNNModel(nn.Module):
    """The book's concise network, named as there."""

    LAYERS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}

    def __init__(self, cell, vocabulary, hidden, layers):
        super().__init__()
        self.cell, self.vocabulary = cell, vocabulary
        self.rnn = self.LAYERS[cell](vocabulary, hidden, layers)
        self.linear = nn.Linear(hidden, vocabulary)

    def forward(self, inputs, h, c):
        """As that of `Scratch`."""
        x = one_hot(inputs.T, self.vocabulary).float()
        if self.cell == "lstm":
            states, (h, c) = self.rnn(x, (h, c))
        else:
            states, h = self.rnn(x, h)
        return self.linear(states), h, c


class Run:
    """A checkpoint, and what it takes to go on."""

    def __init__(self, path, text, device):
        try:
            with safe_open(path, "pt") as file:
                self.metadata = file.metadata() or {}
                self.tensors = {name: file.get_tensor(name) for name in file.keys()}
        except (OSError, SafetensorError) as error:
            fail(f"{path} can't be read ({error}): name a checkpoint that was downloaded from the page.")
        if self.metadata.get("format") != "time-traveller checkpoint 1":
            fail(f"{path} is no checkpoint that this program knows: download one from the page.")
        self.path, self.device = path, device
        self.settings = {**DEFAULTS, **self.metadata}
        for key, words in KNOWN.items():
            word = self.settings.get(key)
            if word not in words:
                fail(f"{path} has {key} {word}, none of {', '.join(words)}: download a newer program from the page.")
        cleaned = clean(text, self.settings["cleaning"])
        if hashlib.sha1(cleaned.encode()).hexdigest() != self.settings["text"]:
            fail("This is not the text that the run has learnt: name that one with --text.")
        self.characters = ["<unk>", *self.settings["vocabulary"]]
        self.ids = {c: i for i, c in enumerate(self.characters)}
        sizes = ("batch", "steps", "tokens", "layers", "hidden")
        self.batch, self.steps, self.length, self.layers, self.hidden = (int(self.settings[key]) for key in sizes)
        if self.batch % PROCESSES:
            fail(f"A batch of {self.batch} can't be divided by {PROCESSES} processes: start a number that divides it.")
        self.tokens = torch.tensor(self.encode(cleaned[: self.length]), device=device)
        self.epochs, self.norms = self.tensors["epochs"].tolist(), self.tensors["grad_norms"].tolist()
        self.samples = json.loads(self.settings["samples"])
        self.rng = random.Random(f"{self.settings['seed']} after {len(self.epochs)}")
        network = Scratch if self.settings["style"] == "scratch" else RNNModel
        self.network = network(self.settings["cell"], len(self.characters), self.hidden, self.layers)
        self.network.load_state_dict({name: self.tensor(name, p) for name, p in self.network.named_parameters()})
        self.network.to(device)
        self.optimizer = self.new_optimizer()
        self.model = self.network
        if PROCESSES > 1:
            distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
            # Computes what the network does, and averages the gradients of all processes.
            self.model = nn.parallel.DistributedDataParallel(self.network)

    def tensor(self, name, like):
        """A tensor of the checkpoint, which must have the shape of a parameter."""
        if name not in self.tensors or self.tensors[name].shape != like.shape:
            fail(f"{self.path} has no tensor {name} of shape {tuple(like.shape)}: it is damaged, download it again.")
        return self.tensors[name]

    def new_optimizer(self):
        """The optimizer, with its state from the checkpoint."""
        kind, parameters = self.settings["optimizer"], self.network.parameters()
        momentum, decay = float(self.settings["momentum"]), float(self.settings["weight_decay"])
        # The learning rate is set in every minibatch.
        if kind == "adam":
            optimizer = torch.optim.Adam(parameters, 1.0, BETAS, weight_decay=decay)
        else:
            momentum = momentum if kind == "momentum" else 0.0
            optimizer = torch.optim.SGD(parameters, 1.0, momentum=momentum, weight_decay=decay)
        for name, p in self.network.named_parameters():
            for ours, theirs in STATE[kind].items():
                optimizer.state[p][theirs] = self.tensor(f"{ours}.{name}", p).to(self.device)
            if kind == "adam":
                optimizer.state[p]["step"] = torch.tensor(float(len(self.norms)))
        return optimizer

    def encode(self, text):
        return [self.ids.get(c, 0) for c in text]

    def zeros(self, rows):
        return torch.zeros(self.layers, rows, self.hidden, device=self.device)

    def hyperparameters(self, place):
        """Learning rate and clipping threshold of a minibatch: (finished epochs, its number)."""
        return [row[2:] for row in self.tensors["rates"].tolist() if (row[0], row[1]) <= place][-1]

    def starts(self):
        """Where the windows of each minibatch of an epoch start. All processes draw the same."""
        sampling = self.settings["sampling"]
        largest = {"sequential": self.steps, "random": self.steps - 1, "windows": 0}[sampling]
        offset = int(self.settings.get("window-offset", self.rng.randint(0, largest)))
        # Targets are one token later, so the last window ends before the last token.
        room = self.length - offset - 1
        if sampling == "sequential":
            row = room // self.batch
            return [[offset + b * row + m * self.steps for b in range(self.batch)] for m in range(row // self.steps)]
        if sampling == "random":
            starts = [offset + i * self.steps for i in range(room // self.steps)]
            self.rng.shuffle(starts)
        else:
            starts = list(range(self.length - self.steps))
            self.rng.shuffle(starts)
            # The last minibatch is filled up with the first windows.
            starts += starts[: -len(starts) % self.batch]
        return [starts[m : m + self.batch] for m in range(0, len(starts) - self.batch + 1, self.batch)]

    def windows(self):
        """Inputs and targets (B, T) of each minibatch of an epoch; of several processes each has its rows."""
        share = self.batch // PROCESSES
        for rows in self.starts():
            rows = torch.tensor(rows[RANK * share : (RANK + 1) * share], device=self.device)
            places = rows[:, None] + torch.arange(self.steps, device=self.device)
            yield self.tokens[places], self.tokens[places + 1]

    def update(self, m):
        """Clips the gradients of minibatch `m` and updates the parameters; returns the norm before."""
        learning_rate, clip = self.hyperparameters((len(self.epochs), m))
        gradients = [parameter.grad for parameter in self.network.parameters()]
        norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
        for gradient in gradients:
            gradient *= (clip / norm).clamp(max=1.0)
        self.optimizer.param_groups[0]["lr"] = learning_rate
        self.optimizer.step()
        return norm

    def train_epoch(self):
        """Losses and gradient norms of an epoch's minibatches."""
        losses, norms, h, c = [], [], None, None
        for m, (inputs, targets) in enumerate(self.windows()):
            if h is None or self.settings["state"] == "reset":
                h, c = self.zeros(len(inputs)), self.zeros(len(inputs))
            logits, h, c = self.model(inputs, h.detach(), c.detach())
            loss = cross_entropy(logits.flatten(0, 1), targets.T.flatten())
            self.optimizer.zero_grad()
            loss.backward()
            norms.append(self.update(m))
            losses.append(loss.detach())
        losses = torch.stack(losses)
        if PROCESSES > 1:
            # All have as many rows, so the mean of their means is that of all.
            distributed.all_reduce(losses)
        return (losses / PROCESSES).tolist(), torch.stack(norms).tolist()

    @torch.no_grad()
    def continuation(self, prefix, length=50):
        ids, h, c = self.encode(prefix), self.zeros(1), self.zeros(1)
        for i in range(len(ids) + length - 1):
            logits, h, c = self.network(torch.tensor([[ids[i]]], device=self.device), h, c)
            if i + 1 == len(ids):
                ids.append(logits.argmax().item())
        return "".join(self.characters[i] for i in ids)

    def advance(self, prefix):
        """Trains an epoch; says what it came to."""
        start = time.monotonic()
        losses, norms = self.train_epoch()
        speed = len(losses) * self.batch * self.steps / (time.monotonic() - start)
        loss = sum(losses) / len(losses)
        if not (loss < 700 and math.isfinite(sum(norms))):
            epoch = len(self.epochs) + 1
            fail(f"The run diverges in epoch {epoch}: lower its learning rate on the page, and go on from there.")
        self.epochs.append([loss, speed, len(losses)])
        self.norms += norms
        if RANK == 0:
            self.samples.append([prefix, self.continuation(prefix)])
            result = f"perplexity {math.exp(loss):.6g}  {speed:.0f} tokens/s  {self.samples[-1][1]}"
            print(f"epoch {len(self.epochs):>4}  {result}", flush=True)

    def state(self):
        """The optimizer's state by the names of a checkpoint."""
        kind, tensors = self.settings["optimizer"], {}
        for name, p in self.network.named_parameters():
            for ours, theirs in STATE[kind].items():
                tensors[f"{ours}.{name}"] = self.optimizer.state[p][theirs]
        if kind == "adam":
            tensors["corrections"] = torch.tensor([1 - beta ** len(self.norms) for beta in BETAS])
        return tensors

    def save(self, path, epochs):
        tensors = {**dict(self.network.named_parameters()), **self.state()}
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        tensors["epochs"] = torch.tensor(self.epochs, dtype=torch.float64).reshape(-1, 3)
        tensors["grad_norms"] = torch.tensor(self.norms, dtype=torch.float32)
        tensors["rates"] = self.tensors["rates"]
        metadata = {**self.metadata, "epochs": str(epochs), "samples": json.dumps(self.samples)}
        metadata["validation"] = "0"  # no tokens are held out here
        save_file(tensors, path, metadata)


def open_device(name):
    """The device of this process; each of several has a GPU of its own."""
    if name.startswith("cuda") and PROCESSES > 1:
        if torch.cuda.device_count() < LOCAL_PROCESSES:
            fail(f"This machine has {torch.cuda.device_count()} GPUs: start as many processes, or add --device cpu.")
        name = f"cuda:{LOCAL_RANK}"
        torch.cuda.set_device(name)
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError):
        fail(f"The device {name} can't be used here: name another with --device, cpu for instance.")
    # cuDNN would round the factors of its products to 10 bits; the engine does not.
    torch.backends.cudnn.allow_tf32 = False
    return torch.device(name)


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
        fail(f"There is no text {arguments.text}: name the one that the run learns with --text.")
    if not arguments.prefix:
        fail("There is nothing to continue: give --prefix at least a character.")
    if arguments.save and not Path(arguments.save).absolute().parent.is_dir():
        fail(f"There is no folder for {arguments.save}: name another file with --save.")
    device = open_device(arguments.device)
    run = Run(arguments.checkpoint, read(arguments.text), device)
    epochs = max(arguments.epochs or int(run.metadata["epochs"]), len(run.epochs))
    if len(run.epochs) == epochs and RANK == 0:
        print(f"The run has finished its {epochs} epochs: name more with --epochs to go on.", file=sys.stderr)
    while len(run.epochs) < epochs:
        run.advance(arguments.prefix)
    if RANK == 0:
        print(run.continuation(arguments.prefix))
        if arguments.save:
            run.save(arguments.save, epochs)
    if PROCESSES > 1:
        distributed.destroy_process_group()


if __name__ == "__main__":
    main()
