#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the window costs a run on the CPU.

    benchmarks/window_cost.py [--rounds 3] [--steps 150]

Trains the default experiment in turns without a window and with one (1600x1000, under Xvfb, nobody touching it), and
prints the speed with the window relative to the speed without, and the share of one core that the window's own thread
took. Wants an idle machine.
"""
import argparse
import csv
import os
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build/release/bin/wavlab"
TICKS = os.sysconf("SC_CLK_TCK")


def speed(run: Path) -> float:
    """Median tokens per second of the run, without its first steps."""
    table = run.parent / (run.name + ".csv")
    subprocess.run([PROGRAM, "export", run, "--metrics", table], check=True, stdout=subprocess.DEVNULL)
    with open(table, newline="") as file:
        values = [float(row["value"]) for row in csv.DictReader(file)
                  if row["name"] == "train/tokens_per_second" and int(row["step"]) > 10]
    return statistics.median(values)


def thread_seconds(pid: int) -> float:
    """CPU time of the process's first thread, which is the window's."""
    fields = Path(f"/proc/{pid}/task/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def program_of(launcher: int) -> int:
    """The wavlab process that xvfb-run has started."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if os.readlink(entry / "exe") != str(PROGRAM):
                continue
            parents, pid = set(), int(entry.name)
            while pid > 1:
                pid = int((Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[1])
                parents.add(pid)
            if launcher in parents:
                return int(entry.name)
        except OSError:
            continue
    return 0


class ThreadWatch(threading.Thread):
    """Takes the time of the window's thread while the run goes: from its first step to its end."""

    def __init__(self, launcher: subprocess.Popen, run: Path):
        super().__init__(daemon=True)
        self.launcher, self.run_folder, self.share = launcher, run, float("nan")

    def run(self):
        pid, begin = 0, None
        while self.launcher.poll() is None:
            pid = pid or program_of(self.launcher.pid)
            try:
                if pid and (self.run_folder / "run.db").exists():
                    now = (time.monotonic(), thread_seconds(pid))
                    begin = begin or now
                    if now[0] - begin[0] > 1:
                        self.share = (now[1] - begin[1]) / (now[0] - begin[0])
            except OSError:
                pass
            time.sleep(0.2)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--steps", type=int, default=150)
    options = arguments.parse_args()
    environment = dict(os.environ, OMP_WAIT_POLICY="passive")
    ratios, shares = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment["XDG_CONFIG_HOME"] = str(folder / "config")
        experiment = folder / "cost.toml"
        text = (ROOT / "resources/experiments/default.toml").read_text()
        experiment.write_text(text.replace("steps = 300", f"steps = {options.steps}"))
        for turn in range(options.rounds):
            without = folder / "without" / f"run-{turn}"
            subprocess.run([PROGRAM, "train", experiment, "--run", without], check=True, env=environment,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            runs = folder / f"with-{turn}"
            launcher = subprocess.Popen(
                ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", PROGRAM, "gui", experiment, "--runs", runs, "--start",
                 "--exit-when-done"], env=environment)
            watch = ThreadWatch(launcher, runs / "wav-12")
            watch.start()
            if launcher.wait() != 0:
                raise SystemExit("the run in the window failed")
            watch.join()
            ratios.append(speed(runs / "wav-12") / speed(without))
            shares.append(watch.share)
            print(f"round {turn + 1}: speed with the window {ratios[-1]:.3f} of that without; "
                  f"the window's thread took {100 * shares[-1]:.1f}% of one core", flush=True)
    print(f"median: {statistics.median(ratios):.3f}, {100 * statistics.median(shares):.1f}%")


if __name__ == "__main__":
    main()
