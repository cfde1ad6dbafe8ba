# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares `wavlab probe` with the reference: what the loss does without each source and each family of them.

    python -m wavlab_reference.probe --program build/release/bin/wavlab [--case NAME]...

Every row is checked: Δloss against an evaluation with that source removed, α, ‖αv‖ and the first-order attribution
against the reference's own, on the tokens of `wavlab eval --dump`. The reference computes in float64.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from . import cases, checkpoint
from .cases import Case
from .compare import Program, program_dump
from .differences import FORWARD_TOLERANCE, GRADIENT_TOLERANCE, Row, exact_row
from .model import Decoder, Removal, scrambled_tensors

BANDS = 2
MODES = ("zero", "renormalise")
# `rms_match = "tensor"` depends on the batch: its windows make one. The others make one and a half.
CASES = (
    Case("wav", "wav", 4),
    Case("wav-online", "wav", 3, {"block_size": 4, "detail_scope": "online"}),
    Case("wav-tensor", "wav", 3, {"block_size": 3, "rms_match": "tensor"}),
    Case("wav-random-sign", "wav", 3, {"block_size": 3, "detail": "random_sign", "key_gain": False}),
    Case("wav-attached", "wav", 3, {"block_size": 3, "detach": False}),
    Case("block", "attnres_block", 3, {"block_size": 4}),
    Case("full", "attnres_full", 2),
    Case("haares", "haares", 3, {"block_size": 5}),
)


# Of the loss: rounding in float32 shifts differences of losses by up to 3e-7 of it.
DELTA_TOLERANCE = 2e-6


@dataclass
class Effect:
    """What a removal does: to the loss, to first order, and what the removed sources weigh and contribute."""

    alpha: float
    contribution: float
    delta_loss: float
    attribution: float


class Reference:
    """One model on some windows: the whole forward and backward pass, and evaluations with removals."""

    def __init__(self, decoder: Decoder, tokens: Tensor, targets: Tensor):
        self.decoder, self.tokens, self.targets = decoder, tokens, targets
        self.output = decoder.forward(tokens, targets)
        self.gradients = torch.autograd.grad(self.output.loss, self.output.inputs)  # dL/dh_l

    @property
    def routers(self):
        return self.output.routers

    def loss(self, removal: Removal, hold_scales: bool = False) -> float:
        held = {key: detail.scale for key, detail in self.output.details.items()} if hold_scales else None
        with torch.no_grad():
            output = self.decoder.forward(self.tokens, self.targets, held_scales=held, removal=removal)
        return output.loss.item()

    def attribution(self, removal: Removal) -> float:
        """Σ (h' - h)·G over the routers and tokens."""
        total = 0.0
        for number in removal.places:
            state = self.output.inputs[number - 1]
            changed = removal.apply(number, state, self.routers[number - 1])
            total += ((changed - state) * self.gradients[number - 1]).sum().item()
        return total

    def effect(self, removal: Removal) -> Effect:
        alpha, contribution = 0.0, 0.0
        for number, places in removal.places.items():
            router = self.routers[number - 1]
            for place in places:
                weight = router.weights[..., place]
                alpha += weight.mean().item()
                contribution += (weight * router.values[place].norm(dim=-1)).mean().item()
        count = len(removal.places)
        delta = self.loss(removal) - self.output.loss.item()
        return Effect(alpha / count, contribution / count, delta, self.attribution(removal))


def family_of(label: str) -> str:
    """ "phase3" belongs to "phase"."""
    return label.rstrip("0123456789")


def expected_removals(reference: Reference) -> dict[tuple, Removal]:
    """Every removal of the contract by the key of its row: (router, source, mode) or (family, routers, mode)."""
    found = {}
    labels = {number: router.labels for number, router in enumerate(reference.routers, start=1)}
    for number, names in labels.items():
        for place, name in enumerate(names):
            for mode in MODES:
                if mode == "zero" or len(names) > 1:
                    found[number, name, mode] = Removal({number: {place}}, mode == "renormalise")
    count = len(labels)
    cuts = [band * count // BANDS for band in range(BANDS + 1)]
    bands = [range(1, count + 1), *(range(start + 1, end + 1) for start, end in zip(cuts, cuts[1:]))]
    for family in {family_of(name) for names in labels.values() for name in names}:
        for band in bands:
            for mode in MODES:
                places = {
                    number: {place for place, name in enumerate(labels[number]) if family_of(name) == family}
                    for number in band
                }
                places = {
                    number: gone
                    for number, gone in places.items()
                    if gone and (mode == "zero" or len(gone) < len(labels[number]))
                }
                if places:
                    found[family, tuple(places), mode] = Removal(places, mode == "renormalise")
    return found


def key_of(row: dict) -> tuple:
    if "family" in row:
        return row["family"], tuple(row["routers"]), row["mode"]
    return row["router"], row["source"], row["mode"]


def compare_rows(case: str, rows: list[dict], reference: Reference) -> list[Row]:
    """One line for each column: the largest difference over all rows of the probe."""
    removals = expected_removals(reference)
    keys = [key_of(row) for row in rows]
    complete = len(set(keys)) == len(keys) and set(keys) == set(removals)
    odd = sorted(map(str, set(keys) ^ set(removals)))
    results = [exact_row(case, f"rows ({len(rows)})", complete, f"there and here only: {odd[:4]}")]
    effects = {key: reference.effect(removals[key]) for key in keys if key in removals}
    loss = max(1.0, abs(reference.output.loss.item()))
    for column, tolerance in (
        ("alpha", FORWARD_TOLERANCE),
        ("contribution", FORWARD_TOLERANCE),
        ("delta_loss", DELTA_TOLERANCE),
        ("attribution", GRADIENT_TOLERANCE),
    ):
        wanted = [getattr(effect, column) for effect in effects.values()]
        largest = max(abs(value) for value in wanted)
        scale = (
            max(largest, loss)
            if column == "delta_loss"
            else max(1.0, largest) if column == "alpha" else largest
        )
        worst = max(
            abs(float(row[column]) - getattr(effects[key_of(row)], column))
            for row in rows
            if key_of(row) in effects
        )
        results.append(Row(case, column, worst, tolerance * scale, f"largest {largest:.3g}"))
    return results


def compare_case(case: Case, program: Program, folder: Path, text: Path) -> list[Row]:
    folder.mkdir()
    experiment, initial, model, dump = (
        folder / name
        for name in ("experiment.toml", "initial.safetensors", "model.safetensors", "dump.safetensors")
    )
    experiment.write_text(cases.experiment_text(case, text), encoding="utf-8")
    program("init", experiment, "--out", initial)
    start = checkpoint.read_checkpoint(initial)
    tensors = scrambled_tensors(start.settings, 7, signs=start.tensors.get("routing.detail_sign"))
    checkpoint.write_checkpoint(model, tensors, start.metadata)
    windows = 2 if start.settings.options.rms_match == "tensor" else 3
    program("eval", model, "--windows", windows, "--dump", dump)
    lines = program("probe", model, "--windows", windows, "--bands", BANDS, "--json")
    seen = program_dump(dump)
    decoder = checkpoint.read_checkpoint(model).decoder(torch.float64)
    reference = Reference(decoder, seen["tokens"], seen["targets"])
    return compare_rows(case.name, [json.loads(line) for line in lines.splitlines()], reference)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="wavlab_reference.probe", description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, required=True, help="the wavlab program")
    parser.add_argument("--case", action="append", default=[], choices=[case.name for case in CASES])
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="wavlab-probe-") as scratch:
        folder = Path(scratch)
        text = folder / "text.txt"
        text.write_text(cases.sample_text(), encoding="utf-8")
        program = Program(options.program.resolve(), folder)
        print(f"{'case':<24} {'tensor':<34} {'difference':>10} {'tolerance':>10}", flush=True)
        for case in CASES:
            if options.case and case.name not in options.case:
                continue
            for row in compare_case(case, program, folder / case.name, text):
                failed += not row.passed
                print(row, flush=True)
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
