"""Compares this project's training steps with PyTorch's autograd in float64, for every network.

    python3 scripts/check_against_pytorch.py            # runs a random case with `steps`, prints the differences
    python3 scripts/check_against_pytorch.py --seed 7   # another one; seeds 0 to 6 have each cell and style once
    python3 scripts/check_against_pytorch.py --cases 28     # so many seeds from --seed on, a line each
    python3 scripts/check_against_pytorch.py --engine cpu   # the CPU engine instead of the GPU's
    python3 scripts/check_against_pytorch.py --steps PROGRAM    # a built example `steps`, instead of `cargo run`
    python3 scripts/check_against_pytorch.py --large    # large and odd sizes: batch 130, 769 hidden units, vocabulary
                                                        # 1,500, eight minibatches of the book's sizes
    python3 scripts/check_against_pytorch.py --make     # writes the cases that tests/steps.rs reads

Needs torch and safetensors (`pip install torch safetensors numpy`). examples/steps.rs describes the case files; those
of `--make` also hold PyTorch's results, under the names that `steps` writes.
"""

import argparse
import subprocess
import sys
import tempfile
from math import isnan
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import sigmoid, tanh

ROOT = Path(__file__).resolve().parent.parent
CARGO = ["cargo", "run", "--release", "--quiet", "--example", "steps", "--"]
TOLERANCE = 1e-4  # of a tensor's magnitude; TESTING.md says why
ROUNDING = 1e-5  # likewise; what two machines make of the same case differs by less

# What a file without `cell` has: the book's first network.
PLAIN = dict(cell="rnn", style="scratch", layers="1", optimizer="sgd", momentum="0.9", weight_decay="0")
# The first is the plain one, in a file without `cell`.
NETWORKS = [None, *(f"{cell} {style}" for cell in ["rnn", "gru", "lstm"] for style in ["scratch", "concise"])]
LEARNING_RATES = {"sgd": 0.5, "momentum": 0.2, "adam": 0.005}
GATES = {"rnn": "h", "gru": "zrh", "lstm": "ifoc"}


# One time step of a layer. z(gate, h) are a gate's inputs: those from below, those of the state h, and its bias.


def rnn_step(z, h):
    return (tanh(z("h", h)),)


def gru_step(z, h):
    update, reset = sigmoid(z("z", h)), sigmoid(z("r", h))
    return (update * h + (1 - update) * tanh(z("h", reset * h)),)


def lstm_step(z, h, c):
    c = sigmoid(z("f", h)) * c + sigmoid(z("i", h)) * tanh(z("c", h))
    return sigmoid(z("o", h)) * tanh(c), c


class Scratch(torch.nn.Module):
    """The book's networks from scratch, from their equations."""

    STEPS = {"rnn": rnn_step, "gru": gru_step, "lstm": lstm_step}

    def __init__(self, cell, vocabulary, hidden, layers):
        super().__init__()
        self.cell = cell
        add = lambda name, *shape: self.register_parameter(name, torch.nn.Parameter(torch.empty(shape)))
        for layer in range(layers):
            for gate in GATES[cell]:
                add(self.named("w_x", gate, layer), hidden if layer else vocabulary, hidden)
                add(self.named("w_h", gate, layer), hidden, hidden)
                add(self.named("b_", gate, layer), hidden)
        add("w_hq", hidden, vocabulary)
        add("b_q", vocabulary)

    @staticmethod
    def named(kind, gate, layer):
        return f"{kind}{gate}_l{layer}" if layer else f"{kind}{gate}"

    def forward(self, tokens, carried):
        """Tokens (T, B) and initial states (L, B, H) to logits (T, B, V), the top layer's states, and the last states.

        `carried` is h, of an LSTM h and c."""
        of_layers = list(zip(*carried))
        top = []
        for below in tokens:
            for layer, state in enumerate(of_layers):
                of_layers[layer] = self.STEPS[self.cell](self.inputs_of_gates(layer, below), *state)
                below = of_layers[layer][0]
            top.append(below)
        top = torch.stack(top)
        return top @ self.w_hq + self.b_q, top, [torch.stack(states) for states in zip(*of_layers)]

    def inputs_of_gates(self, layer, below):
        def z(gate, h):
            w_x, w_h, b = (getattr(self, self.named(kind, gate, layer)) for kind in ["w_x", "w_h", "b_"])
            return (below @ w_x if layer else w_x[below]) + h @ w_h + b

        return z


class Concise(torch.nn.Module):
    """The book's concise networks, which are PyTorch's, with the names of their `state_dict`."""

    def __init__(self, cell, vocabulary, hidden, layers):
        super().__init__()
        self.rnn = getattr(torch.nn, cell.upper())(vocabulary, hidden, layers)
        self.linear = torch.nn.Linear(hidden, vocabulary)

    def forward(self, tokens, carried):
        """As that of `Scratch`."""
        x = torch.nn.functional.one_hot(tokens, self.rnn.input_size).double()
        if isinstance(self.rnn, torch.nn.LSTM):
            top, carried = self.rnn(x, tuple(carried))
        else:
            top, *carried = self.rnn(x, *carried)
        return self.linear(top), top, carried


def network_of(settings, hidden, vocabulary):
    settings = PLAIN | settings
    style = {"scratch": Scratch, "concise": Concise}[settings["style"]]
    return style(settings["cell"], vocabulary, hidden, int(settings["layers"]))


def optimizer_of(settings, parameters):
    settings = PLAIN | settings
    lr, momentum, decay = (float(settings[key]) for key in ["lr", "momentum", "weight_decay"])
    match settings["optimizer"]:
        case "sgd":
            return torch.optim.SGD(parameters, lr, weight_decay=decay)
        case "momentum":
            return torch.optim.SGD(parameters, lr, momentum, weight_decay=decay)
        case "adam":
            return torch.optim.Adam(parameters, lr, weight_decay=decay)


def settings_of(network=None, layers=1, optimizer="sgd", momentum=0.9, weight_decay=0, **more):
    """The metadata of a case; without a network, of the plain one."""
    if network:
        cell, style = network.split()
        more |= dict(cell=cell, style=style, layers=layers)
        more |= dict(optimizer=optimizer, momentum=momentum, weight_decay=weight_decay)
    return {key: str(value) for key, value in more.items()}


def random_case(generator, sizes, minibatches, scale, settings):
    """The inputs of a random case."""
    B, T, H, V = sizes
    normal = lambda *shape: torch.randn(shape, generator=generator)
    parameters = network_of(settings, H, V).named_parameters()
    tensors = {name: normal(*parameter.shape) * scale for name, parameter in parameters}
    of_states = (int(settings["layers"]), B, H) if "cell" in settings else (B, H)
    tensors["h0"] = tanh(normal(*of_states))
    if settings.get("cell") == "lstm":
        tensors["c0"] = normal(*of_states)
    for name in ["inputs", "targets"]:
        tensors[name] = torch.randint(V, (minibatches, B, T), generator=generator, dtype=torch.int32)
    return tensors


def load(tensors, settings):
    """The network of a case in float64, and its initial states: h (L, B, H), of an LSTM also c."""
    vocabulary = len(tensors["linear.bias" if settings.get("style") == "concise" else "b_q"])
    net = network_of(settings, tensors["h0"].shape[-1], vocabulary).double()
    net.load_state_dict({name: tensors[name] for name in net.state_dict()})
    carried = [tensors[name].double() for name in ["h0", "c0"] if name in tensors]
    return net, carried if "cell" in settings else [h[None] for h in carried]


def clip(parameters, threshold):
    """Scales the gradients down to a global norm; returns the norm before."""
    norm = torch.linalg.vector_norm(torch.cat([p.grad.flatten() for p in parameters]))
    if norm > threshold:
        for p in parameters:
            p.grad *= threshold / norm
    return norm


def train(tensors, settings):
    """Trains on the minibatches of a case; returns every result under the name that `steps` uses."""
    net, carried = load(tensors, settings)
    parameters = dict(net.named_parameters())
    optimizer = optimizer_of(settings, parameters.values())
    results = {"losses": [], "grad_norms": []}
    for m, (inputs, targets) in enumerate(zip(tensors["inputs"], tensors["targets"])):
        carried = [s.detach() if settings["state"] == "carry" else torch.zeros_like(s) for s in carried]
        optimizer.zero_grad()
        logits, top, carried = net(inputs.T.long(), carried)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.T.flatten().long())
        loss.backward()
        if m == 0:
            results["first.logits"], results["first.h"] = logits.flatten(0, 1), top
            results |= {f"first.grad.{name}": p.grad.clone() for name, p in parameters.items()}
        results["losses"].append(loss)
        results["grad_norms"].append(clip(parameters.values(), float(settings["clip"])))
        optimizer.step()
    carried = carried if "cell" in settings else [h[0] for h in carried]
    results |= {f"final.{name}": tensor for name, tensor in [*parameters.items(), *zip("hc", carried)]}
    stack = lambda value: torch.stack(value) if isinstance(value, list) else value
    return {name: stack(value).detach().float().contiguous() for name, value in results.items()}


def largest(tensor):
    return tensor.abs().max()


def mean(tensor):
    """The root of the mean square."""
    return tensor.double().square().mean().sqrt()


def difference(got, expected, size=largest):
    """The size of the difference of two tensors, relative to the size of the expected one."""
    if got.shape != expected.shape:
        return float("inf")
    return float(size(got - expected) / size(expected).clamp(min=1e-30))


def differences(got, expected, settings):
    """Of every result, by name.

    Adam divides the gradient of an element by the element's own magnitude. Where that is next to nothing, rounding
    decides: there PyTorch's float32, too, is further from its float64 than is allowed, up to 7e-4 with a learning rate
    of 0.01. So what Adam has trained is compared in the mean."""
    size_of = lambda name: mean if settings.get("optimizer") == "adam" and name.startswith("final.") else largest
    names = sorted(got.keys() & expected.keys())
    return {name: difference(got[name], expected[name], size_of(name)) for name in names}


def holds(path, tensors, settings):
    """Whether a file holds this case already, up to rounding, which is not the same on all machines."""
    if not path.exists():
        return False
    with safe_open(path, "pt") as file:
        written = {name: file.get_tensor(name) for name in file.keys()}
        same = file.metadata() == settings and written.keys() == tensors.keys()
    return same and all(difference(written[name], tensor) <= ROUNDING for name, tensor in tensors.items())


def committed_cases():
    """By name: sizes, minibatches, scale of the parameters, settings."""
    carried = dict(lr=0.5, clip=1e9, state="carry")
    clipped = carried | dict(clip=0.1)
    adam = clipped | dict(optimizer="adam", lr=0.01, weight_decay=0.05)
    small, smaller = (3, 4, 7, 9), (2, 3, 6, 5)
    return {
        "carried": ((5, 4, 10, 9), 3, 0.3, settings_of(**carried)),
        "reset_and_clipped": ((9, 6, 17, 29), 3, 0.4, settings_of(lr=1.0, clip=0.1, state="reset")),
        "gru_scratch": (small, 3, 0.4, settings_of("gru scratch", **carried)),
        "gru_concise_two_layers": (small, 3, 0.4, settings_of("gru concise", 2, **clipped | dict(state="reset"))),
        "lstm_scratch_momentum": (small, 3, 0.4, settings_of("lstm scratch", optimizer="momentum", **carried)),
        "lstm_concise_two_layers_adam": (smaller, 3, 0.4, settings_of("lstm concise", 2, **adam)),
        "rnn_concise_three_layers": (small, 3, 0.4, settings_of("rnn concise", 3, weight_decay=0.01, **carried)),
        "rnn_scratch_two_layers": (small, 3, 0.4, settings_of("rnn scratch", 2, **clipped)),
    }


def make(folder):
    """Writes the cases that the files do not hold already."""
    for seed, (name, (*how, settings)) in enumerate(committed_cases().items()):
        tensors = random_case(torch.Generator().manual_seed(seed), *how, settings)
        tensors |= train(tensors, settings)
        path = folder / f"{name}.safetensors"
        kept = holds(path, tensors, settings)
        if not kept:
            save_file(tensors, path, settings)
        print(f"{'kept' if kept else 'made'} {name}, {path.stat().st_size} bytes")


def any_case(seed):
    generator = torch.Generator().manual_seed(seed)
    pick = lambda low, high: int(torch.randint(low, high + 1, (1,), generator=generator))
    one_of = lambda *choices: choices[pick(0, len(choices) - 1)]
    sizes = (pick(1, 40), pick(1, 12), pick(1, 200), pick(2, 300))
    how = dict(lr=0.5, state=one_of("carry", "reset"), clip=one_of(1e9, 0.1))
    network = NETWORKS[seed % len(NETWORKS)]
    if network:
        how |= dict(layers=pick(1, 3), optimizer=one_of("sgd", "momentum", "adam"))
        how |= dict(momentum=one_of(0.5, 0.9), weight_decay=one_of(0, 0.01), lr=LEARNING_RATES[how["optimizer"]])
    return generator, sizes, 4, settings_of(network, **how)


def large_cases():
    generator = torch.Generator().manual_seed(0)
    case = lambda sizes, minibatches, *network, **how: (generator, sizes, minibatches, settings_of(*network, **how))
    usual, clipped = dict(lr=0.5, clip=1.0), dict(lr=0.5, clip=0.1)
    yield case((130, 5, 40, 30), 2, state="carry", **usual)
    yield case((7, 6, 769, 28), 3, state="carry", **usual)
    yield case((5, 4, 50, 1500), 3, state="reset", lr=0.5, clip=1e9)
    yield case((32, 35, 512, 28), 8, state="carry", **usual)
    yield case((130, 5, 40, 1500), 2, "gru scratch", 2, state="carry", **usual)
    yield case((7, 6, 385, 28), 3, "lstm scratch", 2, state="reset", optimizer="momentum", **clipped)
    yield case((32, 35, 256, 28), 4, "gru concise", state="carry", **clipped)
    yield case((32, 35, 256, 28), 4, "lstm concise", 2, state="carry", **usual)


def run(program, engine, tensors, settings):
    """The results of the example `steps`."""
    with tempfile.TemporaryDirectory() as folder:
        given, got = Path(folder) / "in.safetensors", Path(folder) / "out.safetensors"
        save_file(tensors, given, settings)
        subprocess.run([*program, given, got, "--engine", engine], cwd=ROOT, check=True)
        return load_file(got)


def check(program, engine, every_tensor, generator, sizes, minibatches, settings):
    # Weights of this scale keep the network from being chaotic, so that rounding errors don't grow from step to step.
    scale = min(0.5, 0.9 / sizes[2] ** 0.5)
    tensors = random_case(generator, sizes, minibatches, scale, settings)
    print("B, T, H, V =", sizes, settings)
    got, expected = run(program, engine, tensors, settings), train(tensors, settings)
    # A GPU that fuses the output layer with the loss keeps no logits.
    absent = (expected.keys() ^ got.keys()) - {"first.logits"}
    found = differences(got, expected, settings)
    for name, relative in found.items() if every_tensor else []:
        print(f"{name:28} {str(tuple(expected[name].shape)):16} {relative:.1e} of its magnitude")
    clipped = int((expected["grad_norms"] > float(settings["clip"])).sum())
    worst = max(found, key=lambda name: (isnan(found[name]), found[name]))
    print(f"{clipped} of {minibatches} clipped; worst: {found[worst]:.1e} of {worst}, allowed: {TOLERANCE:.0e}")
    if absent:
        print("not among the results of both:", *sorted(absent))
    return not absent and found[worst] <= TOLERANCE


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", type=int, default=1, metavar="N", help="random cases, of successive seeds")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--engine", choices=["gpu", "cpu", "auto"], default="gpu")
    parser.add_argument("--steps", metavar="PROGRAM", help="the example `steps`, built")
    parser.add_argument("--make", action="store_true")
    arguments = parser.parse_args()
    if arguments.make:
        make(ROOT / "tests" / "cases")
    else:
        seeds = range(arguments.seed, arguments.seed + arguments.cases)
        cases = large_cases() if arguments.large else map(any_case, seeds)
        program = [Path(arguments.steps).resolve()] if arguments.steps else CARGO
        how = program, arguments.engine, arguments.cases == 1
        sys.exit(0 if all([check(*how, *case) for case in cases]) else 1)
