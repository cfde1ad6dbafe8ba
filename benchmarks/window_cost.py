#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the window costs a training run on the CPU: the same experiment with and without it, in turn.

    xvfb-run -a -s "-screen 0 1600x1000x24" benchmarks/window_cost.py [--rounds 5] [--steps 150]

Prints, as medians over the rounds, the ratio of training speeds (window / headless, from the recorded seconds of each
step) and the share of one core that everything but training takes (processor time with the window less that without,
over the window run's time)."""
import argparse
import csv
import pathlib
import resource
import statistics
import subprocess
import tempfile
import time

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "build/release/bin/wavlab"


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(command, run):
    """Wall seconds, processor seconds and the median tokens/s of one run."""
    wall, processor = time.monotonic(), processor_seconds()
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    wall, processor = time.monotonic() - wall, processor_seconds() - processor
    table = run.parent / (run.name + ".csv")
    subprocess.run([PROGRAM, "export", run, "--metrics", table], check=True)
    speeds = [float(row["value"]) for row in csv.DictReader(table.open()) if row["name"] == "train/tokens_per_second"]
    return wall, processor, statistics.median(speeds[5:])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--steps", type=int, default=150)
    options = arguments.parse_args()
    ratios, shares = [], []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        text = (PROGRAM.parents[3] / "resources/experiments/default.toml").read_text()
        for round_number in range(options.rounds):
            name = f"round-{round_number}"
            experiment = folder / "experiment.toml"
            experiment.write_text(text.replace("steps = 300", f"steps = {options.steps}")
                                  .replace('name = "wav-12"', f'name = "{name}"'))
            headless = measure([PROGRAM, "train", experiment, "--run", folder / "headless" / name],
                               folder / "headless" / name)
            window = measure([PROGRAM, "gui", experiment, "--runs", folder / "window", "--start", "--exit-when-done"],
                             folder / "window" / name)
            ratios.append(window[2] / headless[2])
            shares.append((window[1] - headless[1]) / window[0])
            print(f"round {round_number + 1}: headless {headless[2]:.0f} tokens/s, window {window[2]:.0f} tokens/s, "
                  f"ratio {ratios[-1]:.3f}, share of a core {shares[-1]:.1%}", flush=True)
    print(f"median ratio {statistics.median(ratios):.3f}; median share of one core {statistics.median(shares):.1%}")


if __name__ == "__main__":
    main()
