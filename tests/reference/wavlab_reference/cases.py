# SPDX-License-Identifier: GPL-3.0-or-later
"""The models on which the program and the reference are compared, as experiments on a small text."""

import random
from dataclasses import dataclass, field
from pathlib import Path

WIDTH, HEADS, MLP_HIDDEN, CONTEXT = 16, 2, 32, 16
WINDOWS = 2  # of an evaluation; the evaluation batch holds both, since "tensor" matching sees the batch
TRAINING_STEPS = 10
TEXT_LENGTH = 6000


@dataclass(frozen=True)
class Case:
    """One model: its name in the table, method, depth, [method] options and [train] changes."""

    name: str
    method: str
    layers: int
    options: dict = field(default_factory=dict)
    training: dict = field(default_factory=dict)


# 6 sublayers (3 layers) fall into blocks 4 + 2, 5 + 1 or 3 + 3, where a block of 3 has unequal sides;
# 8 sublayers (4 layers) into 5 + 3 and 3 + 3 + 2.
EVALUATION_CASES = (
    Case("standard", "standard", 3),
    Case("rezero", "rezero", 3),
    Case("layerscale", "layerscale", 3, {"init": 0.3}),
    Case("block-layerscale", "block_layerscale", 3, {"block_size": 4}),
    Case("full", "attnres_full", 3),
    Case("full-no-gain", "attnres_full", 2, {"key_gain": False}),
    Case("block-4-blocks", "attnres_block", 3, {"blocks": 4}),
    Case("block-uneven", "attnres_block", 3, {"block_size": 4}),
    Case("block-one", "attnres_block", 3, {"block_size": 1}),
    Case("block-whole", "attnres_block", 3, {"block_size": 100}),
    Case("wav", "wav", 4),
    Case("wav-3-3-2", "wav", 4, {"block_size": 3}),
    Case("wav-5-1", "wav", 3, {"block_size": 5}),
    Case("wav-one", "wav", 2, {"block_size": 1}),
    Case("wav-split-only", "wav", 3, {"block_size": 4, "phase": False}),
    Case("wav-phase-only", "wav", 3, {"block_size": 4, "split": False}),
    Case("wav-tensor", "wav", 3, {"block_size": 3, "rms_match": "tensor"}),
    Case("wav-off", "wav", 3, {"block_size": 3, "rms_match": "off"}),
    Case("wav-attached", "wav", 3, {"block_size": 3, "detach": False}),
    Case(
        "wav-attached-tensor",
        "wav",
        4,
        {"block_size": 5, "detach": False, "rms_match": "tensor", "detail_scope": "online"},
    ),
    Case("wav-random-sign", "wav", 4, {"block_size": 3, "detail": "random_sign"}),
    Case("wav-duplicate", "wav", 3, {"block_size": 4, "detail": "duplicate"}),
    Case("wav-online", "wav", 4, {"block_size": 5, "detail_scope": "online"}),
    Case(
        "wav-fixed",
        "wav",
        3,
        {"block_size": 2, "detail_bias": "fixed", "detail_bias_init": -1.0, "key_gain": False},
    ),
    Case("haares", "haares", 4, {"block_size": 5}),
    Case("haares-random-sign", "haares", 3, {"block_size": 6, "detail": "random_sign", "detach": False}),
)

TRAINING_CASES = (
    Case("train-standard", "standard", 2),
    Case("train-rezero", "rezero", 2, {}, {"weight_decay": 0.5}),
    Case("train-layerscale", "layerscale", 2, {}, {"grad_clip": 0.05}),
    Case("train-block-layerscale", "block_layerscale", 2, {"block_size": 3}, {"warmup": 0}),
    Case("train-full", "attnres_full", 2, {}, {"accumulate": 3, "batch": 1}),
    Case("train-block", "attnres_block", 2, {"block_size": 3}, {"warmup": 10}),
    Case("train-wav", "wav", 3, {"block_size": 4}, {"accumulate": 2, "grad_clip": 0.1}),
    Case(
        "train-haares", "haares", 3, {"block_size": 6, "detail_bias": "fixed"}, {"beta1": 0.8, "beta2": 0.99}
    ),
)

_TRAINING = {
    "steps": TRAINING_STEPS,
    "batch": 2,
    "accumulate": 1,
    "lr": 1e-2,
    "min_lr": 1e-3,
    "warmup": 3,
    "weight_decay": 0.1,
    "beta1": 0.9,
    "beta2": 0.95,
    "grad_clip": 1.0,
    "precision": "fp32",
    "device": "cpu",
    "threads": 1,
    "eval_every": TRAINING_STEPS,
    "eval_windows": WINDOWS,
    "checkpoint_every": TRAINING_STEPS,
    "record_every": 5,
    "sample_every": 1000,
}


def _toml(value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _table(name: str, values: dict) -> str:
    return "\n".join([f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in values.items()), ""])


def experiment_text(case: Case, text: Path) -> str:
    """The experiment file (TOML) of a case on the text file at that absolute path."""
    model = {
        "method": case.method,
        "layers": case.layers,
        "width": WIDTH,
        "heads": HEADS,
        "mlp_hidden": MLP_HIDDEN,
        "context": CONTEXT,
        "dropout": 0.0,
    }
    head = f'schema = 1\nname = "{case.name}"\nseed = 1337\n'
    return head + "\n".join(
        [
            _table("model", model),
            _table("method", case.options),
            _table("data", {"dataset": f"file:{text}", "tokenizer": "char"}),
            _table("train", _TRAINING | case.training),
        ]
    )


def sample_text() -> str:
    """A small text of few characters, one of them outside ASCII; always the same."""
    draw = random.Random(11)
    words = ["sol", "mar", "lió", "rio", "sal", "ola", "más", "lirio", "ramo", "islas"]
    text = ""
    while len(text) < TEXT_LENGTH:
        text += " ".join(draw.choices(words, k=draw.randint(2, 6))) + ".\n"
    return text[:TEXT_LENGTH]
