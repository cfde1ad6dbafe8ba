# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the experiment file (TOML) into the settings of a model and of its training."""

import tomllib
from dataclasses import dataclass, field, fields

RESIDUAL_METHODS = ("standard", "rezero", "layerscale", "block_layerscale")
ROUTED_METHODS = ("attnres_full", "attnres_block", "wav", "haares")
METHODS = RESIDUAL_METHODS + ROUTED_METHODS

_BLOCK_OPTIONS = {"blocks", "block_size"}
_DETAIL_OPTIONS = {"detail", "rms_match", "detach", "detail_bias", "detail_bias_init"}

# The options that each method has. Options of other methods are ignored, as the program does.
METHOD_OPTIONS = {
    "standard": set(),
    "rezero": set(),
    "layerscale": {"init"},
    "block_layerscale": {"init"} | _BLOCK_OPTIONS,
    "attnres_full": {"key_gain"},
    "attnres_block": {"key_gain"} | _BLOCK_OPTIONS,
    "wav": {"key_gain", "phase", "split", "detail_scope"} | _BLOCK_OPTIONS | _DETAIL_OPTIONS,
    "haares": {"key_gain"} | _BLOCK_OPTIONS | _DETAIL_OPTIONS,
}

# What `haares` fixes: it is `wav` with these settings.
HAARES_FIXED = {"phase": False, "split": True, "detail_scope": "online"}

_CHOICES = {
    "detail": ("contrast", "random_sign", "duplicate"),
    "rms_match": ("token", "tensor", "off"),
    "detail_bias": ("learned", "fixed"),
    "detail_scope": ("completed", "online"),
}


@dataclass(frozen=True)
class MethodSettings:
    """The options of a method; those that the method lacks keep their default and are not used."""

    blocks: int = 4
    block_size: int = 0  # 0: from `blocks`
    phase: bool = True
    split: bool = True
    detail: str = "contrast"
    rms_match: str = "token"
    detach: bool = True
    detail_bias: str = "learned"
    detail_bias_init: float = -2.0
    detail_scope: str = "completed"
    key_gain: bool = True
    init: float = -1.0  # of layerscale; negative: CaiT's rule

    def __post_init__(self):
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is {getattr(self, name)!r}; allowed are {', '.join(allowed)}")
        if self.block_size < 0 or self.blocks < 1:
            raise ValueError("block_size must be 0 or more and blocks 1 or more")


@dataclass(frozen=True)
class ModelSettings:
    """All that decides the shape and the arithmetic of a model."""

    vocabulary: int
    method: str = "wav"
    layers: int = 12
    width: int = 64
    heads: int = 4
    mlp_hidden: int = 256
    context: int = 128
    options: MethodSettings = field(default_factory=MethodSettings)

    def __post_init__(self):
        if self.method not in METHODS:
            raise ValueError(f"method is {self.method!r}; allowed are {', '.join(METHODS)}")
        if self.width % self.heads or (self.width // self.heads) % 2:
            raise ValueError("width/heads must be a whole, even number")

    @property
    def sublayers(self) -> int:
        return 2 * self.layers

    @property
    def routed(self) -> bool:
        return self.method in ROUTED_METHODS

    @property
    def has_details(self) -> bool:
        return self.method in ("wav", "haares")

    @property
    def block_size(self) -> int:
        """Sublayers in a block; in `attnres_full` every sublayer is a block of its own."""
        if self.method == "attnres_full":
            return 1
        if self.options.block_size > 0:
            return self.options.block_size
        return max(1, -(-self.sublayers // self.options.blocks))

    @property
    def block_ranges(self) -> list[range]:
        """The sublayer numbers (from 1) of every block, in order; the last block may be shorter."""
        last = self.sublayers
        return [
            range(start, min(start + self.block_size, last + 1))
            for start in range(1, last + 1, self.block_size)
        ]


@dataclass(frozen=True)
class TrainSettings:
    """All that decides an update, given the gradients."""

    steps: int = 300
    batch: int = 8
    accumulate: int = 1
    lr: float = 1e-3
    min_lr: float = 1e-4
    warmup: int = 20
    weight_decay: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.95
    grad_clip: float = 1.0


def _pick(settings_class, table: dict) -> dict:
    names = {entry.name for entry in fields(settings_class)}
    return {key: value for key, value in table.items() if key in names}


def method_settings(method: str, table: dict) -> MethodSettings:
    """The settings of `method` from the `[method]` table; a key that no method has is an error."""
    known = set().union(*METHOD_OPTIONS.values())
    for key in table:
        if key not in known:
            raise ValueError(f"[method] {key}: no method has this option")
    used = {key: value for key, value in table.items() if key in METHOD_OPTIONS[method]}
    if method == "haares":
        used |= HAARES_FIXED
    return MethodSettings(**used)


def model_settings(experiment: str, vocabulary: int) -> ModelSettings:
    """The model of an experiment (TOML text) over a vocabulary of that many tokens."""
    document = tomllib.loads(experiment)
    table = document.get("model", {})
    method = table.get("method", "wav")
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; allowed are {', '.join(METHODS)}")
    values = _pick(ModelSettings, table)
    if "mlp_hidden" not in values and "width" in values:
        values["mlp_hidden"] = 4 * values["width"]
    values |= {"vocabulary": vocabulary, "options": method_settings(method, document.get("method", {}))}
    return ModelSettings(**values)


def train_settings(experiment: str) -> TrainSettings:
    """The training of an experiment (TOML text)."""
    return TrainSettings(**_pick(TrainSettings, tomllib.loads(experiment).get("train", {})))
