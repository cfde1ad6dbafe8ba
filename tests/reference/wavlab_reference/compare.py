# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the program with the reference: logits, loss, routing weights, gradients, ten training steps.

    python -m wavlab_reference.compare --program build/release/bin/wavlab [--case NAME]... [--all]

Only the program's command line and its files are used. The program computes in float32, the reference in
float64 from the same float32 parameters, so every difference is the program's rounding (or its mistake).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor

from . import cases, checkpoint, train
from .cases import Case
from .differences import (
    LOSS_TOLERANCE,
    NORM_TOLERANCE,
    RATE_TOLERANCE,
    Row,
    backbone_row,
    compare_dumps,
    exact_row,
    initial_rows,
    movement_rows,
    reference_dump,
    series_row,
    summarise,
)
from .experiment import train_settings
from .model import scrambled_tensors


class Program:
    """The program under test, by its command line. Its user folders lie in the scratch folder."""

    def __init__(self, path: Path, scratch: Path):
        self.path = path
        self.environment = os.environ | {
            "HOME": str(scratch),
            "XDG_DATA_HOME": str(scratch / "data"),
            "XDG_CONFIG_HOME": str(scratch / "config"),
            "XDG_CACHE_HOME": str(scratch / "cache"),
            "OMP_NUM_THREADS": "1",
            "OMP_WAIT_POLICY": "passive",
        }
        # Python's own copy of torch's libraries must not be forced on the program.
        for name in ("LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONPATH"):
            self.environment.pop(name, None)

    def __call__(self, *arguments) -> str:
        """Runs the program and returns its standard output; an exit code other than 0 is an error."""
        command = [str(self.path), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment, timeout=240)
        if done.returncode != 0:
            tail = "; ".join(done.stderr.strip().splitlines()[-3:])
            raise RuntimeError(f"wavlab {arguments[0]} ended with {done.returncode}: {tail}")
        return done.stdout


# ---- one evaluation ------------------------------------------------------------------------------------


def program_dump(path: Path) -> dict:
    """A dump of the program in the form of `reference_dump`."""
    tensors, metadata = checkpoint.read_file(path)
    sources = {
        int(key.split(".")[1]): json.loads(value)
        for key, value in metadata.items()
        if key.startswith("routing.") and key.endswith(".sources")
    }
    return tensors | {"sources": sources}


def expected_windows(text: str, vocabulary: list[str], context: int, count: int) -> tuple[Tensor, Tensor]:
    """The evaluation windows by the contract: the last tenth of the text, evenly spaced starts."""
    index = {character: number for number, character in enumerate(vocabulary)}
    part = [index[character] for character in text[len(text) * 9 // 10 :]]
    starts = [i * (len(part) - context - 1) // (count - 1) if count > 1 else 0 for i in range(count)]
    windows = torch.tensor([part[start : start + context + 1] for start in starts])
    return windows[:, :-1], windows[:, 1:]


def compare_evaluation(
    case: Case, program: Program, folder: Path, text: Path, standard: Path | None
) -> list[Row]:
    """Initial model, windows, logits, loss, weights and gradients of one model with scrambled parameters."""
    experiment, initial, scrambled = (
        folder / name for name in ("experiment.toml", "initial.safetensors", "scrambled.safetensors")
    )
    experiment.write_text(cases.experiment_text(case, text), encoding="utf-8")
    program("init", experiment, "--out", initial)
    start = checkpoint.read_checkpoint(initial)
    rows = initial_rows(case.name, start.settings, start.tensors)
    if standard is not None:
        rows += backbone_row(case.name, start.tensors, checkpoint.read_file(standard)[0])
    tensors = scrambled_tensors(start.settings, 7, signs=start.tensors.get("routing.detail_sign"))
    checkpoint.write_checkpoint(scrambled, tensors, start.metadata)

    dump_path = folder / "dump.safetensors"
    lines = program(
        "eval", scrambled, "--windows", cases.WINDOWS, "--dump", dump_path, "--gradients", "--json"
    )
    for line in lines.splitlines():
        json.loads(line)
    dump = program_dump(dump_path)
    tokens, targets = expected_windows(
        text.read_text(encoding="utf-8"), start.vocabulary, cases.CONTEXT, cases.WINDOWS
    )
    for name, wanted in (("tokens", tokens), ("targets", targets)):
        equal = dump[name].dtype == torch.int64 and torch.equal(dump[name], wanted)
        rows.append(exact_row(case.name, name, equal, "not the windows of the contract"))
    decoder = checkpoint.read_checkpoint(scrambled).decoder(torch.float64)
    return rows + compare_dumps(case.name, dump, reference_dump(decoder, dump["tokens"], dump["targets"]))


# ---- ten training steps --------------------------------------------------------------------------------


def scalars(lines: str, name: str) -> list[float]:
    """The values of one scalar in the order of its steps, from the program's --json lines."""
    events = [json.loads(line) for line in lines.splitlines() if line.strip()]
    found = {
        event["step"]: float(event["value"])
        for event in events
        if event["event"] == "scalar" and event["name"] == name
    }
    return [found[step] for step in sorted(found) if step > 0]


def compare_training(case: Case, program: Program, folder: Path, text: Path) -> list[Row]:
    """Ten losses, rates, gradient norms and the final parameters, from the same start on the same batches."""
    experiment, initial, batches, final = (
        folder / name
        for name in ("experiment.toml", "initial.safetensors", "batches.safetensors", "final.safetensors")
    )
    experiment.write_text(cases.experiment_text(case, text), encoding="utf-8")
    program("init", experiment, "--out", initial)
    lines = program("train", experiment, "--run", folder / "run", "--json", "--dump-batches", batches)
    program("export", folder / "run", "--checkpoint", final)

    start, end = checkpoint.read_checkpoint(initial), checkpoint.read_checkpoint(final)
    settings = train_settings(experiment.read_text(encoding="utf-8"))
    tensors, _ = checkpoint.read_file(batches)
    pairs = [(tensors[f"tokens.{step}"], tensors[f"targets.{step}"]) for step in range(1, settings.steps + 1)]
    wanted = (settings.accumulate * settings.batch, cases.CONTEXT)
    rows = [
        exact_row(
            case.name,
            "batches",
            all(tuple(t.shape) == wanted and torch.equal(t[:, 1:], u[:, :-1]) for t, u in pairs),
            f"not all {wanted} with targets one ahead",
        ),
        exact_row(case.name, "step", end.step == settings.steps, f"step is {end.step}"),
    ]
    decoder = start.decoder(torch.float64)
    result = train.train(decoder, settings, pairs)
    for name, values, tolerance in (
        ("train/loss", result.losses, LOSS_TOLERANCE),
        ("train/lr", result.rates, RATE_TOLERANCE),
        ("train/grad_norm", result.gradient_norms, NORM_TOLERANCE),
    ):
        rows.append(series_row(case.name, name, scalars(lines, name), values, tolerance))
    trained = {name: value.detach() for name, value in decoder.tensors.items()}
    return rows + movement_rows(case.name, start.tensors, end.tensors, trained)


# ---- the whole -----------------------------------------------------------------------------------------


def run_case(case: Case, program: Program, scratch: Path, text: Path) -> list[Row]:
    folder = scratch / case.name
    folder.mkdir()
    try:
        if case in cases.TRAINING_CASES:
            return compare_training(case, program, folder, text)
        # Models as deep as the case `standard` compare their backbone with it.
        standard = scratch / "standard" / "initial.safetensors"
        same_depth = case.layers == cases.EVALUATION_CASES[0].layers and case.name != "standard"
        return compare_evaluation(
            case, program, folder, text, standard if same_depth and standard.exists() else None
        )
    except Exception as error:  # whatever stops one case, the table goes on with the others
        where = traceback.extract_tb(error.__traceback__)[-1]
        note = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
        return [exact_row(case.name, "run", False, note)]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="wavlab_reference.compare", description="Compare wavlab with the reference."
    )
    parser.add_argument("--program", type=Path, help="the wavlab program")
    parser.add_argument(
        "--case", action="append", default=[], metavar="NAME", help="only this case (repeatable)"
    )
    parser.add_argument("--jobs", type=int, default=2, help="cases at a time (default 2)")
    parser.add_argument(
        "--all", action="store_true", help="show every tensor, not only the worst of each kind"
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep all files in this new folder")
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    options = parser.parse_args(arguments)
    table = (*cases.EVALUATION_CASES, *cases.TRAINING_CASES)
    if options.list:
        print(
            "\n".join(
                f"{case.name:<24} {case.method}, {case.layers} layers, {case.options}" for case in table
            )
        )
        return 0
    unknown = set(options.case) - {case.name for case in table}
    if unknown or options.program is None or not options.program.is_file():
        parser.error(
            f"no such case: {', '.join(sorted(unknown))}"
            if unknown
            else "--program must name the wavlab program"
        )
    chosen = [case for case in table if not options.case or case.name in options.case]
    torch.set_num_threads(1)
    if options.keep:
        options.keep.mkdir(parents=True)
        return compare_cases(chosen, options, options.keep.resolve())
    with tempfile.TemporaryDirectory(prefix="wavlab-reference-") as scratch:
        return compare_cases(chosen, options, Path(scratch))


def compare_cases(chosen: list[Case], options: argparse.Namespace, scratch: Path) -> int:
    """Runs the chosen cases, prints the table, and returns the exit code: 0 when all agree, else 1."""
    text = scratch / "text.txt"
    text.write_text(cases.sample_text(), encoding="utf-8")
    program = Program(options.program.resolve(), scratch)
    print(f"{'case':<24} {'tensor':<34} {'difference':>10} {'tolerance':>10}", flush=True)
    compared, failed = 0, []
    first, rest = chosen[:1], chosen[1:]
    with ThreadPoolExecutor(max(1, options.jobs)) as pool:
        results = [pool.submit(run_case, case, program, scratch, text) for case in first]
        results[0].result()  # `standard` comes first, since others need its files
        results += [pool.submit(run_case, case, program, scratch, text) for case in rest]
        for result in results:
            rows = result.result()
            compared += len(rows)
            failed += [row for row in rows if not row.passed]
            for row in rows if options.all else summarise(rows):
                print(row, flush=True)
    print(f"{len(chosen)} cases, {compared} comparisons, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
