"""Compares checkpoints with PyTorch: README's program loads one and generates the same text as the engine.

    python3 scripts/check_checkpoint.py                  # on the CPU engine
    python3 scripts/check_checkpoint.py --engine gpu

Trains a small network with the example `train`, saves a checkpoint, runs the program of README.md that begins with
`from safetensors import safe_open` on it, and compares its text with the sample of the last epoch. Then the run is
resumed from the checkpoint, and its last epochs are compared with those of an uninterrupted run, digit for digit.

With a fixed window offset, so that nothing is random, `assets/continue_in_pytorch.py` and the engine resume from the
same checkpoint and are compared epoch by epoch; then the engine resumes from the checkpoint that the script saved. With
random sampling, for which PyTorch draws other windows, the perplexity must keep falling.

Needs torch and safetensors (`pip install torch safetensors`), and the text that `cargo xtask text` fetches.
"""

import argparse
import contextlib
import io
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def train(*arguments):
    """Runs the example `train`; returns its JSON lines as objects."""
    command = ["cargo", "run", "--quiet", "--release", "--example", "train", "--", "--json", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def readme_lines():
    """Returns the program in README.md that reads a checkpoint."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    programs = [block for block in blocks if block.startswith("from safetensors import safe_open")]
    assert len(programs) == 1, f"README.md has {len(programs)} programs that read a checkpoint, not one"
    return programs[0]


def run_readme(checkpoint):
    """Runs README's program on a checkpoint; returns its output."""
    program = readme_lines()
    assert '"run.safetensors"' in program, "README's program reads run.safetensors"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(program.replace('"run.safetensors"', repr(str(checkpoint))), {})
    return printed.getvalue().rstrip("\n")


def curve(lines):
    """Epoch, loss, gradient norm and sample of each epoch."""
    return [[line[key] for key in ("epoch", "loss", "grad_norm", "sample")] for line in lines if "epoch" in line]


def further(checkpoint, *arguments):
    """Runs the script that the page offers; returns epochs with their perplexities, and the generated text."""
    script = ROOT / "assets" / "continue_in_pytorch.py"
    command = [sys.executable, str(script), str(checkpoint), "--text", str(ROOT / "public" / "timemachine.txt")]
    lines = subprocess.run([*command, *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    found = [re.match(r"epoch +(\d+)  perplexity ([\d.e+inf]+) ", line) for line in lines[:-1]]
    return [(int(match[1]), float(match[2])) for match in found], lines[-1]


def perplexities(lines):
    return [(line["epoch"], line["perplexity"]) for line in lines if "epoch" in line]


def check_script(folder, settings, engine):
    """Whether the script continues like the engine, and the engine from the script's checkpoint."""
    fixed, back, mixed = (folder / f"{name}.safetensors" for name in ("fixed", "back", "mixed"))
    train(*settings, "--epochs", "60", "--window-offset", "3", "--checkpoint", str(fixed))
    ours = train("--resume", str(fixed), "--epochs", "70", *engine)
    theirs, text = further(fixed, "--epochs", "70", "--save", str(back))
    # Different rounding makes the curves drift apart slowly.
    near = len(theirs) == 10 and all(
        n == m and abs(p / q - 1) < 1e-3 for (n, p), (m, q) in zip(theirs, perplexities(ours), strict=True)
    )
    print(f"ours    {perplexities(ours)[-1]}\nPyTorch {theirs[-1]}\n{text}")
    again = train("--resume", str(back), "--epochs", "75", *engine)
    returned = [epoch for epoch, _ in perplexities(again)] == list(range(71, 76))
    train(*settings, "--epochs", "60", "--sampling", "random", "--state", "reset", "--checkpoint", str(mixed))
    learning, _ = further(mixed, "--epochs", "90")
    learns = len(learning) == 30 and learning[-1][1] < learning[0][1]
    print("continue_in_pytorch.py goes on " + ("as the engine does" if near else "NOT as the engine does"))
    print("and the engine with what it saved" if returned else "and the engine NOT with what it saved")
    print(f"in random order from {learning[0][1]} to {learning[-1][1]}" + ("" if learns else ": NOT learning"))
    return near and returned and learns


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=["cpu", "gpu"], default="cpu")
    engine = ["--engine", parser.parse_args().engine]
    settings = ["--hidden", "128", "--tokens", "5000", *engine]
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "run.safetensors"
        first = train(*settings, "--epochs", "100", "--checkpoint", str(checkpoint))
        ours, theirs = first[-1]["samples"]["time traveller"], run_readme(checkpoint)
        print(f"ours    {ours}\nPyTorch {theirs}")
        later = train("--resume", str(checkpoint), "--epochs", "110", *engine)
        through = train(*settings, "--epochs", "110")
        script_is_right = check_script(Path(folder), settings, engine)
    same_text = ours == theirs
    same_curve = curve(first) + curve(later) == curve(through)
    print("the same text" if same_text else "NOT the same text")
    print("resumed and uninterrupted: " + ("the same numbers" if same_curve else "NOT the same numbers"))
    sys.exit(0 if same_text and same_curve and script_is_right else 1)


if __name__ == "__main__":
    main()
