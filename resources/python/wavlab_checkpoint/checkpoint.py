# SPDX-License-Identifier: GPL-3.0-or-later
"""From a run, a checkpoint folder or a file to a model that computes, and back to a file."""
from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

import torch
from torch import Tensor

from .errors import CheckpointError
from .model import Decoder
from .settings import ModelSettings, parse_experiment, settings_of
from .tensor_file import read_metadata, read_tensors, write_tensors
from .tokenizer import Tokenizer, restore_tokenizer

_TENSORS_A_LAYER = 7


@dataclass
class Checkpoint:
    """A checkpoint, ready to use."""

    model: Decoder  # in eval mode
    tokenizer: Tokenizer
    experiment: Dict[str, Any]  # the experiment file: experiment["train"]["lr"], ...
    step: int  # updates done
    metadata: Dict[str, str]  # as in the file: experiment (TOML), vocabulary, step, wavlab_version, checksums, ...
    path: Path  # of the file

    @property
    def settings(self) -> ModelSettings:
        return self.model.settings

    def save(self, path: Union[str, Path], step: Optional[int] = None) -> None:
        """Writes the model as it is now (in float32) as a file that `load` and the lab read: `wavlab eval FILE`,
        `wavlab train --from FILE`. Experiment and vocabulary are those that were loaded; the metadata `written_by`
        says that the weights come from here."""
        tensors = {name: value.float() for name, value in self.model.state_dict().items()}
        metadata = {**self.metadata, "written_by": "wavlab_checkpoint"}
        if step is not None:
            metadata["step"] = str(step)
        write_tensors(path, tensors, metadata)


def load(
    path: Union[str, Path],
    step: Union[str, int] = "last",
    device: Union[str, torch.device] = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Checkpoint:
    """Reads a checkpoint: a run folder (`step` chooses "last", "best" by validation loss, or a number), a checkpoint's
    folder, or a .safetensors file.

    Raises CheckpointError, a ValueError, where the file is damaged or is no model of WAV Lab, FileNotFoundError where
    there is none.
    """
    file = find_model(path, step)
    tensors, metadata = read_tensors(file)
    try:
        experiment = parse_experiment(_entry(metadata, "experiment"))
        tokenizer = _tokenizer(experiment, metadata)
        settings = settings_of(experiment, len(tokenizer))
        number = _entry(metadata, "step")
        if re.fullmatch("[0-9]{1,18}", number) is None:
            raise CheckpointError(f"the step is {number!r}, not a whole number")
        model = build(settings, tensors, device, dtype)
    except CheckpointError as error:
        raise CheckpointError(f"{file}: {error}") from None
    return Checkpoint(model, tokenizer, experiment, int(number), metadata, file)


def build(
    settings: ModelSettings,
    tensors: Mapping[str, Tensor],
    device: Union[str, torch.device] = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Decoder:
    """A model in eval mode with exactly these tensors, by their names in the file. Raises CheckpointError."""
    if settings.layers * _TENSORS_A_LAYER > len(tensors):  # before anything is made as large as the settings say
        raise CheckpointError(f"{len(tensors)} tensors are too few for the {settings.layers} layers of the experiment")
    try:
        with torch.device("meta"):
            model = Decoder(settings)
    except (RuntimeError, OverflowError):
        raise CheckpointError("the experiment describes an impossible model: its sizes are too large") from None
    expected = model.state_dict()
    for name in sorted(expected.keys() | tensors.keys()):
        if name not in tensors:
            raise CheckpointError(f"there is no tensor '{name}', which the method {settings.method} has")
        if name not in expected:
            raise CheckpointError(f"the tensor '{name}' does not belong to the method {settings.method}")
        if tensors[name].shape != expected[name].shape:
            shapes = f"{list(tensors[name].shape)}; the experiment says {list(expected[name].shape)}"
            raise CheckpointError(f"the tensor '{name}' has the shape {shapes}")
        if not tensors[name].is_floating_point():
            raise CheckpointError(f"the tensor '{name}' holds {tensors[name].dtype}, not floating-point numbers")
    model = model.to(dtype).to_empty(device=device)
    with torch.no_grad():
        for name, value in model.state_dict().items():
            value.copy_(tensors[name])
    return model.eval()


def _entry(metadata: Mapping[str, str], key: str) -> str:
    if key not in metadata:
        raise CheckpointError(f"the metadata has no '{key}': this is no model that WAV Lab wrote")
    return metadata[key]


def _tokenizer(experiment: Mapping[str, Any], metadata: Mapping[str, str]) -> Tokenizer:
    data = experiment.get("data", {})
    if not isinstance(data, dict):
        raise CheckpointError("[data] of the experiment is no table")
    try:
        vocabulary = json.loads(_entry(metadata, "vocabulary"))
    except (json.JSONDecodeError, RecursionError):
        raise CheckpointError("the vocabulary is not JSON") from None
    return restore_tokenizer(data.get("tokenizer", "char"), vocabulary, data)


# ---- which file --------------------------------------------------------------------------------------------------


def find_model(path: Union[str, Path], step: Union[str, int] = "last") -> Path:
    """The model file of a run folder, a checkpoint's folder, or the file itself."""
    path = Path(path)
    if path.is_file():
        return path
    if (path / "model.safetensors").is_file():
        return path / "model.safetensors"
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file or folder")
    checkpoints = list_checkpoints(path)
    if not checkpoints:
        raise FileNotFoundError(f"{path}: this is neither a checkpoint nor a run with one")
    if step == "last":
        return checkpoints[-1][1]
    if step == "best":
        losses = [(loss, number, file) for number, file in checkpoints for loss in _validation_loss(file)]
        if not losses:
            raise FileNotFoundError(f"{path}: no checkpoint was evaluated, so there is no best one")
        return min(losses)[2]
    for number, file in checkpoints:
        if str(number) == str(step):
            return file
    steps = ", ".join(str(number) for number, _ in checkpoints)
    raise FileNotFoundError(f"{path}: there is no checkpoint of step {step}; there are {steps} (or last, best)")


def list_checkpoints(run: Union[str, Path]) -> List[Tuple[int, Path]]:
    """Step and model file of every complete checkpoint of a run, by step."""
    found = []
    for folder in Path(run, "checkpoints").glob("step-*"):
        match = re.fullmatch(r"step-([0-9]{8,18})", folder.name)
        if match and (folder / "model.safetensors").is_file():
            found.append((int(match.group(1)), folder / "model.safetensors"))
    return sorted(found)


def _validation_loss(model_file: Path) -> List[float]:
    """The loss that stands in the state beside a model; empty where that step was not evaluated."""
    state = model_file.with_name("state.safetensors")
    try:
        loss = float(read_metadata(state).get("validation_loss", "nan")) if state.is_file() else float("nan")
    except ValueError as error:
        raise CheckpointError(f"{state}: the validation loss cannot be read: {error}") from None
    return [loss] if abs(loss) < float("inf") else []
