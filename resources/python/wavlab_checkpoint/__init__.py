# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads WAV Lab's checkpoints in plain PyTorch: `load("RUN").model(tokens)`. See README.md one folder up."""

from .checkpoint import Checkpoint, build, find_model, list_checkpoints, load
from .errors import CheckpointError
from .model import Decoder, RouterWeights, Routing
from .settings import METHODS, ModelSettings
from .tensor_file import read_tensors, write_tensors
from .tokenizer import ByteTokenizer, CharTokenizer, Gpt2Tokenizer, Tokenizer

__version__ = "0.1.0"
__all__ = [
    "ByteTokenizer",
    "CharTokenizer",
    "Checkpoint",
    "CheckpointError",
    "Decoder",
    "Gpt2Tokenizer",
    "METHODS",
    "ModelSettings",
    "RouterWeights",
    "Routing",
    "Tokenizer",
    "build",
    "find_model",
    "list_checkpoints",
    "load",
    "read_tensors",
    "write_tensors",
]
