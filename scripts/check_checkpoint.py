"""Compares checkpoints with PyTorch: it loads every network, writes what the engine writes, and trains as it does.

    python3 scripts/check_checkpoint.py                    # on the CPU engine, some minutes
    python3 scripts/check_checkpoint.py --engine gpu
    python3 scripts/check_checkpoint.py --only lstm        # the networks whose name has this word
    python3 scripts/check_checkpoint.py --train PROGRAM    # a built example `train`, instead of `cargo run`

Trains a small network of each kind with the example `train` and saves a checkpoint. From there
- the engine resumes, and its epochs are those of an uninterrupted run, digit for digit;
- the programs in docs/checkpoints.md that begin with `from safetensors import safe_open` generate the text of the last
  epoch's sample;
- `assets/continue_in_pytorch.py` goes on as the engine does, and the engine from what that saved, as if it had gone on
  all the time; on two processes (`torchrun`) it comes to the same losses.

For that nothing may be random: windows have a fixed offset, or are so few that they are one minibatch in any order.
With more of them the loss must keep falling. Then a checkpoint without the settings that were added later goes on as
the same one with them, and a run starts from a `state_dict` that PyTorch wrote.

Needs torch and safetensors (`pip install torch safetensors`), and the text that `cargo xtask text` fetches.
"""

import argparse
import contextlib
import io
import json
import math
import os
import re
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "assets" / "continue_in_pytorch.py"
PAGE = ROOT / "docs" / "checkpoints.md"
TEXT = ROOT / "public" / "timemachine.txt"
CARGO = ["cargo", "run", "--quiet", "--release", "--example", "train", "--"]

SIZES = "--hidden 48 --batch 16 --steps 20 --tokens 3000 --epochs 40 --window-offset 3"
# As many windows as rows: every epoch is one minibatch, of the same windows in whatever order.
ALL_WINDOWS = "--sampling windows --state reset --batch 60 --steps 20 --tokens 80 --window-offset 0"
ALL_RANDOM = "--sampling random --state reset --batch 16 --steps 20 --tokens 324 --window-offset 3"
ADAM = "--optimizer adam --lr 0.005"
NETWORKS = {
    "rnn scratch": "",
    "rnn scratch two layers": "--layers 2 --optimizer adam --lr 0.01",
    "rnn concise momentum": "--optimizer momentum --momentum 0.8 --lr 0.2",
    "gru scratch momentum decay": "--optimizer momentum --lr 0.2 --weight_decay 0.001",
    "gru concise decay": "--weight_decay 0.001",
    "gru concise windows whole": f"--cleaning whole {ALL_WINDOWS}",
    "lstm scratch adam": ADAM,
    "lstm scratch two layers": f"--layers 2 {ADAM}",
    "lstm concise random verbatim": f"--cleaning verbatim {ALL_RANDOM} --optimizer adam --lr 0.02",
    "lstm concise three layers adam decay": "--layers 3 --optimizer adam --lr 0.007 --weight_decay 0.0001",
}
# On two processes too: carried states, every optimizer, every sampling.
SHARED = ["gru scratch momentum decay", "gru concise windows whole", "lstm concise three layers adam decay"]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
# Runs that draw windows at random, several minibatches of them an epoch.
SMALL = "--hidden 48 --batch 16 --steps 20 --epochs 30 --state reset"
DRAWN = {
    "random": f"{SMALL} --sampling random --tokens 3000 --cell gru --optimizer adam --lr 0.01",
    "windows": f"{SMALL} --sampling windows --tokens 300 --style concise --cleaning whole",
}
# Settings that checkpoints did not have at first.
LATER = ["cell", "style", "layers", "optimizer", "momentum", "weight_decay", "cleaning", "vocab", "validation"]

# Of perplexities. Different rounding makes curves drift apart, fast once a network has learnt much.
NEAR = 1e-3
# Of losses.
SAME_LOSS = 1e-4


class Check:
    """Runs the programs and keeps what was wrong."""

    def __init__(self, arguments, folder):
        self.command = [str(Path(arguments.train).resolve())] if arguments.train else CARGO
        self.engine = ["--engine", arguments.engine]
        self.folder = folder
        self.wrong = []

    def expect(self, right, what):
        print(f"  {what}" if right else f"  NOT {what}", flush=True)
        if not right:
            self.wrong.append(what)

    def file(self, name):
        return str(self.folder / f"{name}.safetensors")

    def train(self, *arguments):
        """Runs the example `train`; returns its epochs, and the line at the end."""
        command = [*self.command, "--json", *arguments, *self.engine]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        *epochs, last = [json.loads(line) for line in done.stdout.splitlines()]
        return epochs, last

    def further(self, checkpoint, epochs, save, launcher=(sys.executable,)):
        """Runs the script that the page offers."""
        command = [*launcher, str(SCRIPT), checkpoint, "--text", str(TEXT), "--epochs", str(epochs), "--save", save]
        # A thread for each process: for networks so small more of them only wait for each other.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environment)


def documented_program(metadata):
    """The program in docs/checkpoints.md for a network; None if there is none."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    programs = [block for block in blocks if block.startswith("from safetensors import safe_open")]
    assert len(programs) == 2, f"{PAGE.name} has {len(programs)} programs that read a checkpoint, not two"
    [concise] = [program for program in programs if "load_state_dict" in program]
    [scratch] = [program for program in programs if program != concise]
    if metadata["style"] == "concise":
        return concise
    return scratch if (metadata["cell"], metadata["layers"]) == ("rnn", "1") else None


def output_of(program, checkpoint):
    """Runs a program of docs/checkpoints.md on a checkpoint; returns its output."""
    assert '"run.safetensors"' in program, f"the programs in {PAGE.name} read run.safetensors"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), torch.no_grad():
        exec(program.replace('"run.safetensors"', repr(checkpoint)), {})
    return printed.getvalue().rstrip("\n")


def metadata_of(checkpoint):
    with safe_open(checkpoint, "pt") as file:
        return file.metadata()


def losses_in(checkpoint):
    return load_file(checkpoint)["epochs"][:, 0].tolist()


def curve(epochs):
    return [[epoch[key] for key in ("epoch", "loss", "grad_norm", "sample")] for epoch in epochs]


def largest_difference(losses, others):
    """Of two curves of perplexities, relative, given their losses."""
    return max(abs(math.expm1(loss - other)) for loss, other in zip(losses, others, strict=True))


def options(*settings, **more):
    """Options for the example; the last value of a setting counts."""
    words = " ".join(settings).split()
    chosen = {**dict(zip(words[::2], words[1::2])), **{f"--{key}": str(value) for key, value in more.items()}}
    return [word for setting in chosen.items() for word in setting]


def check_network(check, name):
    cell, style, *_ = name.split()
    settings = SIZES, NETWORKS[name], f"--cell {cell} --style {style}"
    start, back, shared, trained = (check.file(what) for what in ("start", "back", "shared", "trained"))
    first, _ = check.train(*options(*settings, checkpoint=start))
    through, _ = check.train(*options(*settings, epochs=55))
    later, _ = check.train("--resume", start, "--epochs", "50")
    check.expect(curve(first + later) == curve(through[:50]), "resumed, the numbers of an uninterrupted run")

    program = documented_program(metadata_of(start))
    if program:
        _, last = check.train(*options(*settings, epochs=200, checkpoint=trained))
        ours, theirs = last["samples"]["time traveller"], output_of(program, trained)
        check.expect(ours == theirs, f"the lines of {PAGE.name} write what the engine writes: {ours!r}")
        if ours != theirs:
            print(f"  but {theirs!r}")

    check.further(start, 50, back)
    losses = [epoch["loss"] for epoch in through]
    difference = largest_difference(losses_in(back), losses[:50])
    check.expect(difference < NEAR, f"PyTorch goes on as the engine does, within {difference:.0e}")
    _, sample = json.loads(metadata_of(back)["samples"])[-1]
    check.expect(sample == through[49]["sample"], f"and writes what it writes: {sample!r}")
    again, _ = check.train("--resume", back, "--epochs", "55")
    difference = largest_difference([epoch["loss"] for epoch in again], losses[50:])
    check.expect(difference < NEAR, f"and the engine from there, within {difference:.0e}")
    if name in SHARED:
        check.further(start, 50, shared, TORCHRUN)
        pairs = zip(losses_in(back), losses_in(shared), strict=True)
        difference = max(abs(one / two - 1) for one, two in pairs)
        check.expect(difference < SAME_LOSS, f"on two processes the same losses, within {difference:.0e}")


def check_drawn(check, name):
    """Whether the loss keeps falling over windows that PyTorch draws."""
    start, back = check.file("start"), check.file("back")
    check.train(*options(DRAWN[name], checkpoint=start))
    check.further(start, 50, back)
    losses, minibatches = load_file(back)["epochs"][:, [0, 2]].T.tolist()
    by_engine, first, last = losses[29], losses[30], losses[-1]
    falls = last < first < by_engine + 0.1
    check.expect(falls, f"the loss goes on falling, from {by_engine:.2f} to {first:.2f} and {last:.2f}")
    check.expect(len(set(minibatches)) == 1, f"every epoch has {minibatches[0]:.0f} minibatches")


def check_older(check):
    """Whether a checkpoint without later settings goes on as the same one with them."""
    start, older, *ends = (check.file(what) for what in ("start", "older", "back", "back_of_older"))
    check.train(*options(SIZES, checkpoint=start))
    metadata = {key: value for key, value in metadata_of(start).items() if key not in LATER}
    save_file(load_file(start), older, metadata)
    for checkpoint, end in zip((start, older), ends):
        check.further(checkpoint, 43, end)
    check.expect(losses_in(ends[0]) == losses_in(ends[1]), "an older checkpoint goes on as a new one")
    again, _ = check.train("--resume", ends[1], "--epochs", "44")
    check.expect([epoch["epoch"] for epoch in again] == [44], "and in the engine")


def check_init(check):
    """Whether a run starts from a `state_dict`: with a learning rate of nearly 0 it stays what it is."""
    torch.manual_seed(1)
    net = torch.nn.ModuleDict({"rnn": torch.nn.GRU(28, 48, 2), "linear": torch.nn.Linear(48, 28)})
    given, trained = check.file("state_dict"), check.file("start")
    save_file(net.state_dict(), given)
    network = "--cell gru --style concise --layers 2"
    check.train(*options(SIZES, network, init=given, lr=1e-12, epochs=1, checkpoint=trained))
    tensors = load_file(trained)
    same = all(torch.equal(tensors[name], tensor) for name, tensor in net.state_dict().items())
    check.expect(same, "a run starts from the state_dict of a PyTorch network")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=["cpu", "gpu"], default="cpu")
    parser.add_argument("--train", metavar="PROGRAM", help="the example `train`, built")
    parser.add_argument("--only", metavar="WORD", default="", help="what has this word in its name, not everything")
    arguments = parser.parse_args()
    checks = {
        **{name: partial(check_network, name=name) for name in NETWORKS},
        **{f"windows drawn anew: {name}": partial(check_drawn, name=name) for name in DRAWN},
        "an older checkpoint": check_older,
        "a state_dict": check_init,
    }
    chosen = {name: run for name, run in checks.items() if arguments.only in name}
    if not chosen:
        sys.exit(f"No check has {arguments.only} in its name: name one of {', '.join(checks)}.")
    wrong = []
    for name, run in chosen.items():
        print(name, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            check = Check(arguments, Path(folder))
            try:
                run(check)
            except subprocess.CalledProcessError as error:
                check.expect(False, f"{Path(error.cmd[0]).name} ends without an error")
        wrong += [f"{name}: NOT {what}" for what in check.wrong]
    print("\n".join(wrong) or "all as it should be")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
