# SPDX-License-Identifier: GPL-3.0-or-later
"""What is compared and how closely: rows of a table, each with a difference and its tolerance."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .experiment import ModelSettings
from .model import Decoder, cait_init

# Differences allowed, as a part of the largest value of the tensor. A float32 rounds to 6e-8; through some
# eight sublayers with sums of 16 to 32 terms the reference in float32 differs from itself in float64 by up to
# 4e-6 in logits and weights and 2e-5 in gradients; these bounds leave another implementation 2.5 times that
# (test_training.py checks them). A gain that is wrong by a thousandth is found.
FORWARD_TOLERANCE = 1e-5
GRADIENT_TOLERANCE = 5e-5
# Gradients that cancel to about nothing are measured against the largest gradient of the model instead.
GRADIENT_FLOOR = 1e-6
# Relative, over ten training steps; the reference differs from itself in float64 by 2e-7 and 4e-7.
LOSS_TOLERANCE = 1e-5
NORM_TOLERANCE = 1e-4
RATE_TOLERANCE = 1e-6
# Adam divides every gradient by its own size, so where a gradient is close to its rounding error a parameter
# moves differently by up to the learning rate. Hence final parameters are compared by the L2 norm of the
# difference, as a part of how far the tensor has moved (the reference in float32: up to 4e-5).
MOVEMENT_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    case: str
    tensor: str
    difference: float
    tolerance: float
    note: str = ""

    @property
    def passed(self) -> bool:
        return self.difference <= self.tolerance  # false for NaN

    def __str__(self) -> str:
        verdict = "ok" if self.passed else "FAILED"
        return (
            f"{self.case:<24} {self.tensor:<34} {self.difference:>10.2e} {self.tolerance:>10.2e}  "
            f"{verdict:<6} {self.note}"
        ).rstrip()


def exact_row(case: str, tensor: str, equal: bool, note: str) -> Row:
    """A row for what must be equal; `note` says what differs."""
    return Row(case, tensor, 0.0 if equal else math.inf, 0.0, "" if equal else note)


def reference_dump(decoder: Decoder, tokens: Tensor, targets: Tensor) -> dict:
    """What `wavlab eval --dump --gradients` writes, plus the source labels, computed by the reference."""
    decoder.clear_gradients()
    output = decoder.forward(tokens, targets)
    output.loss.backward()
    dump = {"logits": output.logits.detach(), "loss": output.loss.detach().reshape(1), "sources": {}}
    for number, router in enumerate(output.routers, start=1):
        dump[f"routing.{number}.weights"] = router.weights.detach()
        dump["sources"][number] = router.labels
    for name, value in decoder.tensors.items():
        if value.requires_grad:
            dump[f"gradient.{name}"] = torch.zeros_like(value) if value.grad is None else value.grad
    return dump


def tensor_row(case: str, name: str, found: Tensor, expected: Tensor, tolerance: float) -> Row:
    if found.shape != expected.shape:
        return exact_row(case, name, False, f"shape {tuple(found.shape)}, expected {tuple(expected.shape)}")
    return Row(case, name, (found.double() - expected.double()).abs().max().item(), tolerance)


def compare_dumps(case: str, found: dict, expected: dict) -> list[Row]:
    """Rows for logits, loss, every router's labels and weights, and every gradient."""
    rows = [
        exact_row(
            case,
            "sources",
            found["sources"] == expected["sources"],
            "the labels differ: "
            + "; ".join(
                f"{number}: {found['sources'].get(number)} instead of {labels}"
                for number, labels in expected["sources"].items()
                if found["sources"].get(number) != labels
            ),
        )
    ]
    largest_gradient = max(
        value.abs().max().item() for name, value in expected.items() if name.startswith("gradient.")
    )
    for name, value in expected.items():
        if name == "sources":
            continue
        if name not in found:
            rows.append(exact_row(case, name, False, "missing in the dump"))
            continue
        if name.startswith("gradient."):
            tolerance = GRADIENT_TOLERANCE * value.abs().max().item() + GRADIENT_FLOOR * largest_gradient
        elif name.startswith("routing."):
            tolerance = FORWARD_TOLERANCE  # weights are parts of 1
        else:
            tolerance = FORWARD_TOLERANCE * max(1.0, value.abs().max().item())
        rows.append(tensor_row(case, name, found[name], value, tolerance))
    for name in found:
        if (
            name.startswith(("gradient.", "routing."))
            and name not in expected
            and found[name].abs().max() > 0
        ):
            rows.append(
                exact_row(
                    case, name, False, "not in the reference (a value that is not trained has no gradient)"
                )
            )
    return rows


def initial_rows(case: str, settings: ModelSettings, tensors: dict[str, Tensor]) -> list[Row]:
    """The initial values that `wavlab init` must give: exact ones exactly, random ones by their spread."""
    rows = []
    init = settings.options.init
    constants = {
        "routing.query": 0.0,
        "rezero.alpha": 0.0,
        "routing.key_gain": 1.0,
        "routing.detail_bias": settings.options.detail_bias_init,
        "layerscale.lambda": cait_init(settings.layers) if init < 0 else init,
    }
    for name, value in tensors.items():
        if name == "routing.detail_sign":
            continue
        constant = 1.0 if name.endswith("norm.weight") else constants.get(name)
        if constant is not None:
            wanted = torch.full_like(value, constant)
            rows.append(exact_row(case, f"initial {name}", torch.equal(value, wanted), f"not all {constant}"))
            continue
        spread = (
            0.02 / math.sqrt(settings.sublayers)
            if name.endswith(("attn.out.weight", "mlp.down.weight"))
            else 0.02
        )
        # The standard error of a deviation from n values is its 1/sqrt(2n); five of them.
        error = abs(value.double().square().mean().sqrt().item() / spread - 1)
        rows.append(Row(case, f"initial {name}", error, 5 / math.sqrt(2 * value.numel()), "spread, relative"))
    return rows


def backbone_row(case: str, tensors: dict[str, Tensor], standard: dict[str, Tensor] | None) -> list[Row]:
    """The same seed gives the same backbone in every method."""
    if standard is None:
        return []
    differing = [
        name for name in standard if name in tensors and not torch.equal(standard[name], tensors[name])
    ]
    return [
        exact_row(case, "initial backbone", not differing, f"differs from standard in {', '.join(differing)}")
    ]


def series_row(case: str, name: str, found: list[float], expected: list[float], tolerance: float) -> Row:
    """The largest relative difference of two series of the same length."""
    if len(found) != len(expected):
        return exact_row(case, name, False, f"{len(found)} values instead of {len(expected)}")
    left, right = torch.tensor(found, dtype=torch.float64), torch.tensor(expected, dtype=torch.float64)
    worst = ((left - right).abs() / right.abs().clamp_min(1e-12)).max().item()  # NaN stays NaN, and fails
    return Row(case, name, worst, tolerance, "relative")


def movement_rows(case: str, start: dict, found: dict, expected: dict[str, Tensor]) -> list[Row]:
    """How far each parameter ended from the reference, as a part of how far it moved."""
    rows = []
    for name, value in expected.items():
        moved = (value - start[name].double()).norm().item()
        apart = (value - found[name].double()).norm().item()
        # Storing a parameter in float32 rounds it at every step, whether or not it moves.
        rounding = 1e-6 * value.norm().item()
        rows.append(
            Row(case, f"final {name}", apart, MOVEMENT_TOLERANCE * moved + rounding, f"moved {moved:.2e}")
        )
    return rows


def summarise(rows: list[Row]) -> list[Row]:
    """Of each kind of tensor the row that is closest to its tolerance, and every row that failed."""
    closest = {}
    for row in rows:
        kind = row.tensor.split(".")[0].split(" ")[0]
        share = row.difference / row.tolerance if row.tolerance > 0 else row.difference
        if kind not in closest or share > closest[kind][0]:
            closest[kind] = (share, row)
    kept = {id(row) for _, row in closest.values()}
    return [row for row in rows if id(row) in kept or not row.passed]
