# SPDX-License-Identifier: GPL-3.0-or-later
"""The experiment of a checkpoint: its TOML as a dictionary, and what of it decides the model."""
from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from typing import Any, Dict, List, Mapping, Tuple

from .errors import CheckpointError

try:
    import tomllib
except ImportError:  # Python 3.9 and 3.10
    tomllib = None

ADDITIVE_METHODS = ("standard", "rezero", "layerscale", "block_layerscale")
ROUTED_METHODS = ("attnres_full", "attnres_block", "wav", "haares")
METHODS = ADDITIVE_METHODS + ROUTED_METHODS
_CHOICES = {
    "method": METHODS,
    "detail_scope": ("completed", "online"),
    "detail": ("contrast", "random_sign", "duplicate"),
    "rms_match": ("token", "tensor", "off"),
    "detail_bias": ("learned", "fixed"),
}
_AT_LEAST = {"vocabulary": 1, "layers": 1, "width": 2, "heads": 1, "mlp_hidden": 1, "context": 1, "blocks": 1}
_MORE_THAN_ANY = 2**31


@dataclass(frozen=True)
class ModelSettings:
    """All that decides the shape and the arithmetic of a model: `[model]` and `[method]` of an experiment.

    Options that the method lacks are ignored, and what a method fixes is fixed here: `haares` is `wav` with the split
    detail alone, also of the running block; `attnres_full` is `attnres_block` with blocks of one sublayer; neither has
    details.
    """

    vocabulary: int
    method: str = "wav"
    layers: int = 12  # L
    width: int = 64  # d
    heads: int = 4
    mlp_hidden: int = 256
    context: int = 128  # tokens that the model was trained on at a time
    dropout: float = 0.0
    blocks: int = 4
    block_size: int = 0  # sublayers in a block; 0: from `blocks`
    key_gain: bool = True
    phase: bool = True
    split: bool = True
    detail_scope: str = "completed"
    detail: str = "contrast"
    rms_match: str = "token"
    detach: bool = True
    detail_bias: str = "learned"
    detail_bias_init: float = -2.0
    init: float = -1.0  # of LayerScale's λ; negative: CaiT's rule

    def __post_init__(self) -> None:
        for field in fields(self):
            value, default = getattr(self, field.name), field.default
            kind = type(default) if field.name != "vocabulary" else int
            if kind is float and type(value) is int:
                object.__setattr__(self, field.name, float(value))
            elif type(value) is not kind:
                raise CheckpointError(f"{field.name} is {value!r}; it must be of type {kind.__name__}")
            if field.name in _CHOICES and value not in _CHOICES[field.name]:
                raise CheckpointError(f"{field.name} is {value!r}; allowed are {', '.join(_CHOICES[field.name])}")
            if kind is int and not _AT_LEAST.get(field.name, 0) <= value < _MORE_THAN_ANY:
                raise CheckpointError(f"{field.name} is {value}; it must be at least {_AT_LEAST.get(field.name, 0)}, "
                                      f"and less than {_MORE_THAN_ANY}")
        if not 0 <= self.dropout < 1 or not math.isfinite(self.detail_bias_init) or not math.isfinite(self.init):
            raise CheckpointError("dropout, detail_bias_init or init is out of its range")
        if self.width % self.heads or self.width // self.heads % 2:
            raise CheckpointError(f"width {self.width} / heads {self.heads} is not a whole, even number")
        fixed: Dict[str, Any] = {}
        if self.method == "haares":
            fixed = {"phase": False, "split": True, "detail_scope": "online"}
        elif self.method != "wav":
            fixed = {"phase": False, "split": False}
        for name, value in fixed.items():
            object.__setattr__(self, name, value)

    @property
    def sublayers(self) -> int:
        """2L."""
        return 2 * self.layers

    @property
    def routed(self) -> bool:
        return self.method in ROUTED_METHODS

    @property
    def has_details(self) -> bool:
        """Whether the method knows details; `details` says which of them are on."""
        return self.method in ("wav", "haares")

    @property
    def details(self) -> Tuple[str, ...]:
        return tuple(kind for kind in ("phase", "split") if getattr(self, kind))

    @property
    def block_length(self) -> int:
        """Sublayers in a block; the last block may be shorter."""
        if self.method == "attnres_full":
            return 1
        wanted = self.block_size or max(1, -(-self.sublayers // self.blocks))
        return min(wanted, self.sublayers)

    @property
    def blocks_of_sublayers(self) -> List[range]:
        """The numbers l (from 1) of the sublayers of every block."""
        end = self.sublayers + 1
        return [range(first, min(first + self.block_length, end)) for first in range(1, end, self.block_length)]

    @property
    def initial_scale(self) -> float:
        """λ at the start: `init`, or CaiT's rule."""
        if self.init >= 0:
            return self.init
        return 0.1 if self.layers <= 18 else 1e-5 if self.layers <= 24 else 1e-6


def settings_of(experiment: Mapping[str, Any], vocabulary: int) -> ModelSettings:
    """The model of an experiment over a vocabulary of that many tokens; keys that are not there have their default."""
    tables = {name: experiment.get(name, {}) for name in ("model", "method")}
    if not all(isinstance(table, dict) for table in tables.values()):
        raise CheckpointError("[model] or [method] of the experiment is no table")
    model = {"method", "layers", "width", "heads", "mlp_hidden", "context", "dropout"}
    values = {key: value for key, value in tables["model"].items() if key in model}
    if type(values.get("width")) is int:
        values.setdefault("mlp_hidden", 4 * values["width"])
    options = {field.name for field in fields(ModelSettings)} - model - {"vocabulary"}
    values.update({key: value for key, value in tables["method"].items() if key in options})
    return ModelSettings(vocabulary=vocabulary, **values)


# ---- TOML --------------------------------------------------------------------------------------------------------


def parse_experiment(text: str) -> Dict[str, Any]:
    """The experiment as nested dictionaries, by tomllib where Python has it (3.11)."""
    try:
        return tomllib.loads(text) if tomllib else parse_plain_toml(text)
    except ValueError as error:
        raise CheckpointError(f"the experiment is not valid TOML: {error}") from error


_LINE = re.compile(r'\s*(?:\[([\w-]+)\]|([\w-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s"#]+))?\s*(?:#.*)?')
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


def parse_plain_toml(text: str) -> Dict[str, Any]:
    """The TOML that WAV Lab writes: tables of strings, numbers and booleans, one a line. Anything else is an error."""
    document: Dict[str, Any] = {}
    table = document
    for number, line in enumerate(text.split("\n"), start=1):
        match = _LINE.fullmatch(line.rstrip("\r"))
        if match is None:
            raise ValueError(f"line {number} needs Python 3.11 to be read")
        name, key, value = match.groups()
        if name is not None or key is not None:
            here = document if name is not None else table
            if (name or key) in here:
                raise ValueError(f"line {number} gives {name or key} again")
        if name is not None:
            table = document[name] = {}
        elif key is not None:
            table[key] = _plain_value(value, number)
    return document


def _plain_value(text: str, line: int) -> Any:
    if text.startswith('"'):
        return re.sub(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", _unescaped, text[1:-1])
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"[+-]?(0|[1-9][0-9_]*)", text):
        return int(text)
    if re.fullmatch(r"[+-]?(inf|nan|[0-9][0-9_]*(\.[0-9_]+)?([eE][+-]?[0-9]+)?)", text):
        return float(text)
    raise ValueError(f"line {line} has a value that cannot be read: {text}")


def _unescaped(match: "re.Match[str]") -> str:
    escape = match.group(1)
    if len(escape) > 1:
        return chr(int(escape[1:], 16))
    if escape not in _ESCAPES:
        raise ValueError(f"unknown escape \\{escape}")
    return _ESCAPES[escape]
