# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and writes WAV Lab checkpoints (safetensors)."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from .experiment import ModelSettings, model_settings
from .model import Decoder, parameter_shapes

REQUIRED_METADATA = ("experiment", "vocabulary", "step", "wavlab_version")


class CheckpointError(ValueError):
    """The file is not a checkpoint of the model that its experiment describes."""


@dataclass
class Checkpoint:
    """A checkpoint as it was read: its model's settings, its tensors, its metadata (strings)."""

    settings: ModelSettings
    tensors: dict[str, Tensor]
    metadata: dict[str, str]

    @property
    def step(self) -> int:
        return int(self.metadata["step"])

    @property
    def vocabulary(self) -> list[str]:
        """The characters in token order (character tokenizer)."""
        return [chr(point) for point in json.loads(self.metadata["vocabulary"])]

    def decoder(self, dtype=torch.float32, epsilon: float = 1e-6) -> Decoder:
        tensors = {name: value.to(dtype) for name, value in self.tensors.items()}
        return Decoder(self.settings, tensors, epsilon)


def read_file(path: Path | str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """All tensors and the metadata of any safetensors file."""
    with safe_open(str(path), framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}


def read_checkpoint(path: Path | str) -> Checkpoint:
    """Reads a checkpoint and checks every name, shape, type and metadata entry against the contract."""
    tensors, metadata = read_file(path)
    for key in REQUIRED_METADATA:
        if key not in metadata:
            raise CheckpointError(f"{path}: metadata has no {key!r}")
    if "embed.weight" not in tensors or tensors["embed.weight"].dim() != 2:
        raise CheckpointError(f"{path}: embed.weight is missing or not a matrix")
    size = tensors["embed.weight"].shape[0]
    points = json.loads(metadata["vocabulary"])
    if isinstance(points, list):
        if len(points) != size:
            raise CheckpointError(f"{path}: {len(points)} characters in the vocabulary, {size} embeddings")
        if points != sorted(set(points)):
            raise CheckpointError(f"{path}: the vocabulary is not a sorted set of code points")
    if int(metadata["step"]) < 0:
        raise CheckpointError(f"{path}: step is {metadata['step']}")
    checkpoint = Checkpoint(model_settings(metadata["experiment"], size), tensors, metadata)
    check_tensors(path, checkpoint)
    return checkpoint


def check_tensors(path: Path | str, checkpoint: Checkpoint) -> None:
    """Raises when a tensor is missing, unknown, of the wrong shape or type, or not finite."""
    expected = parameter_shapes(checkpoint.settings)
    for name in sorted(set(expected) - set(checkpoint.tensors)):
        raise CheckpointError(f"{path}: {name} is missing")
    for name, value in checkpoint.tensors.items():
        if name not in expected:
            raise CheckpointError(f"{path}: {name} does not belong to method {checkpoint.settings.method}")
        if tuple(value.shape) != expected[name]:
            raise CheckpointError(f"{path}: {name} has shape {tuple(value.shape)}, expected {expected[name]}")
        if name != "routing.detail_sign" and value.dtype != torch.float32:
            raise CheckpointError(f"{path}: {name} has type {value.dtype}, expected torch.float32")
        if not torch.isfinite(value).all():
            raise CheckpointError(f"{path}: {name} holds a value that is not finite")
    if "routing.detail_sign" in expected:
        check_signs(path, checkpoint)


def check_signs(path: Path | str, checkpoint: Checkpoint) -> None:
    """Random signs are ±1 and balanced in every block."""
    signs = checkpoint.tensors["routing.detail_sign"]
    if not bool((signs.abs() == 1).all()):
        raise CheckpointError(f"{path}: routing.detail_sign holds something else than +1 and -1")
    for block in checkpoint.settings.block_ranges:
        for row in signs[:, block.start - 1 : block.stop - 1]:
            if abs(int(row.sum())) > len(block) % 2:
                raise CheckpointError(f"{path}: routing.detail_sign is not balanced in sublayers {block}")


def write_checkpoint(path: Path | str, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Writes tensors in their stored types, without `checksums`, which the contract allows."""
    kept = {key: value for key, value in metadata.items() if key != "checksums"}
    save_file(
        {name: value.detach().contiguous() for name, value in tensors.items()}, str(path), metadata=kept
    )


def write_decoder(path: Path | str, decoder: Decoder, metadata: dict[str, str]) -> None:
    """Writes a model of this package as a checkpoint (float32) that the program can read."""
    tensors = {name: value.detach().to(torch.float32) for name, value in decoder.tensors.items()}
    write_checkpoint(path, tensors, metadata)
