"""Compares this project's training step with PyTorch's autograd in float64.

    python3 scripts/check_against_pytorch.py            # runs a random case with `steps`, prints the differences
    python3 scripts/check_against_pytorch.py --seed 7   # another one
    python3 scripts/check_against_pytorch.py --engine cpu   # the CPU engine instead of the GPU's
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
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

ROOT = Path(__file__).resolve().parent.parent
PARAMETERS = ["w_xh", "w_hh", "b_h", "w_hq", "b_q"]
TOLERANCE = 1e-4  # of a tensor's largest magnitude; TESTING.md says why


class CharRNN(torch.nn.Module):
    """The book's network, from its equations."""

    def __init__(self, tensors):
        super().__init__()
        for name in PARAMETERS:
            self.register_parameter(name, torch.nn.Parameter(tensors[name].double()))

    def forward(self, tokens, h):
        """Tokens (B, T) and a state (B, H) to logits (T, B, V) and states (T, B, H)."""
        states = []
        for x in tokens.T.long():
            h = torch.tanh(self.w_xh[x] + h @ self.w_hh + self.b_h)
            states.append(h)
        states = torch.stack(states)
        return states @ self.w_hq + self.b_q, states


def random_case(generator, sizes, minibatches, scale, lr, clip, state):
    """The inputs of a random case, and its metadata."""
    B, T, H, V = sizes
    normal = lambda *shape: torch.randn(shape, generator=generator)
    tensors = {"w_xh": normal(V, H), "w_hh": normal(H, H), "b_h": normal(H), "w_hq": normal(H, V), "b_q": normal(V)}
    tensors = {name: tensor * scale for name, tensor in tensors.items()}
    tensors["h0"] = torch.tanh(normal(B, H))
    for name in ["inputs", "targets"]:
        tensors[name] = torch.randint(V, (minibatches, B, T), generator=generator, dtype=torch.int32)
    return tensors, {"lr": str(lr), "clip": str(clip), "state": state}


def train(tensors, settings):
    """Trains on the minibatches of a case by clipped SGD; returns every result under the name that `steps` uses."""
    net = CharRNN(tensors)
    optimizer = torch.optim.SGD(net.parameters(), lr=float(settings["lr"]))
    h = tensors["h0"].double()
    results = {"losses": [], "grad_norms": []}
    for m, (inputs, targets) in enumerate(zip(tensors["inputs"], tensors["targets"])):
        h = h.detach() if settings["state"] == "carry" else torch.zeros_like(h)
        optimizer.zero_grad()
        logits, states = net(inputs, h)
        h = states[-1]
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.T.flatten().long())
        loss.backward()
        if m == 0:
            results["first.logits"], results["first.h"] = logits.flatten(0, 1), states
            results |= {f"first.grad.{name}": p.grad.clone() for name, p in net.named_parameters()}
        norm = torch.linalg.vector_norm(torch.cat([p.grad.flatten() for p in net.parameters()]))
        if norm > float(settings["clip"]):
            for p in net.parameters():
                p.grad *= float(settings["clip"]) / norm
        optimizer.step()
        results["losses"].append(loss)
        results["grad_norms"].append(norm)
    results |= {f"final.{name}": p for name, p in net.named_parameters()} | {"final.h": h}
    stack = lambda value: torch.stack(value) if isinstance(value, list) else value
    return {name: stack(value).detach().float().contiguous() for name, value in results.items()}


def make(folder):
    cases = {
        "carried": dict(sizes=(5, 4, 10, 9), minibatches=3, scale=0.3, lr=0.5, clip=1e9, state="carry"),
        "reset_and_clipped": dict(sizes=(9, 6, 17, 29), minibatches=3, scale=0.4, lr=1.0, clip=0.1, state="reset"),
    }
    for seed, (name, case) in enumerate(cases.items()):
        tensors, settings = random_case(torch.Generator().manual_seed(seed), **case)
        save_file(tensors | train(tensors, settings), folder / f"{name}.safetensors", settings)
        print(f"made {name}")


def any_case(seed):
    generator = torch.Generator().manual_seed(seed)
    pick = lambda low, high: int(torch.randint(low, high + 1, (1,), generator=generator))
    sizes = (pick(1, 40), pick(1, 12), pick(1, 200), pick(2, 300))
    return generator, sizes, 4, ["carry", "reset"][pick(0, 1)], [1e9, 0.5][pick(0, 1)]


def large_cases():
    generator = torch.Generator().manual_seed(0)
    yield generator, (130, 5, 40, 30), 2, "carry", 1.0
    yield generator, (7, 6, 769, 28), 3, "carry", 1.0
    yield generator, (5, 4, 50, 1500), 3, "reset", 1e9
    yield generator, (32, 35, 512, 28), 8, "carry", 1.0


def check(engine, generator, sizes, minibatches, state, clip):
    # Weights of this scale keep the network from being chaotic, so that rounding errors don't grow from step to step.
    scale = min(0.5, 0.9 / sizes[2] ** 0.5)
    tensors, settings = random_case(generator, sizes, minibatches, scale, 0.5, clip, state)
    print("B, T, H, V =", sizes, settings)
    with tempfile.TemporaryDirectory() as folder:
        given, got = Path(folder) / "in.safetensors", Path(folder) / "out.safetensors"
        save_file(tensors, given, settings)
        steps = ["cargo", "run", "--release", "--quiet", "--example", "steps", "--", given, got, "--engine", engine]
        subprocess.run(steps, cwd=ROOT, check=True)
        got = load_file(got)
    worst = 0.0
    for name, expected in sorted(train(tensors, settings).items()):
        difference = float((got[name] - expected).abs().max() / expected.abs().max())
        worst = max(worst, difference)
        print(f"{name:16} {str(tuple(expected.shape)):16} {difference:.1e} of its largest magnitude")
    print(f"worst: {worst:.1e}, allowed: {TOLERANCE:.0e}")
    return worst <= TOLERANCE


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--engine", choices=["gpu", "cpu", "auto"], default="gpu")
    parser.add_argument("--make", action="store_true")
    arguments = parser.parse_args()
    if arguments.make:
        make(ROOT / "tests" / "cases")
    else:
        cases = large_cases() if arguments.large else [any_case(arguments.seed)]
        sys.exit(0 if all([check(arguments.engine, *case) for case in cases]) else 1)
