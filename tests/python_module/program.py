# SPDX-License-Identifier: GPL-3.0-or-later
"""The program under test and what the tests of the Python module share."""

import atexit
import json
import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

import torch

from wavlab_checkpoint import CharTokenizer, Checkpoint, Decoder
from wavlab_checkpoint.settings import parse_experiment, settings_of
from wavlab_reference import cases
from wavlab_reference.cases import Case
from wavlab_reference.compare import Program

REPOSITORY = Path(__file__).resolve().parents[2]
MODULE = REPOSITORY / "resources" / "python" / "wavlab_checkpoint"

torch.set_num_threads(1)


@lru_cache(maxsize=None)
def scratch() -> Path:
    """A folder for the files of this process, removed at its end."""
    folder = Path(tempfile.mkdtemp(prefix="wavlab-python-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@lru_cache(maxsize=None)
def program() -> Program:
    path = os.environ.get("WAVLAB_PROGRAM", str(REPOSITORY / "build" / "release" / "bin" / "wavlab"))
    return Program(Path(path), scratch())


@lru_cache(maxsize=None)
def text_file() -> Path:
    file = scratch() / "text.txt"
    file.write_text(cases.sample_text(), encoding="utf-8")
    return file


def experiment_file(case: Case) -> Path:
    file = scratch() / f"{case.name}.toml"
    file.write_text(cases.experiment_text(case, text_file()), encoding="utf-8")
    return file


def initial_model(case: Case) -> Path:
    """The model of a case at step 0, as the program writes it."""
    file = scratch() / f"{case.name}.safetensors"
    if not file.exists():
        program()("init", experiment_file(case), "--out", file)
    return file


def new_model(case: Case) -> Checkpoint:
    """The same, made by the module from the experiment."""
    text = experiment_file(case).read_text(encoding="utf-8")
    points = sorted(set(map(ord, cases.sample_text())))
    experiment = parse_experiment(text)
    metadata = {"experiment": text, "vocabulary": json.dumps(points), "step": "0", "wavlab_version": "0"}
    model = Decoder(settings_of(experiment, len(points)))
    return Checkpoint(model, CharTokenizer(points, {}), experiment, 0, metadata, experiment_file(case))


@lru_cache(maxsize=None)
def small_run() -> Path:
    """A run of a few steps with two checkpoints."""
    case = Case("small-run", "wav", 3, {"block_size": 3}, {"checkpoint_every": 5, "eval_every": 5})
    folder = scratch() / "run"
    program()("train", experiment_file(case), "--run", folder)
    return folder


def scramble(model: Decoder) -> None:
    """Parameters at which nothing is degenerate: at the initial ones routing is uniform."""
    draw = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, value in model.named_parameters():
            noise = torch.randn(value.shape, generator=draw)
            if name == "embed.weight":
                value.copy_(noise)
            elif name == "routing.query":
                value.copy_(0.4 * noise)
            elif name == "routing.detail_bias":
                value.copy_(0.7 * noise - 0.5)
            elif name in ("rezero.alpha", "layerscale.lambda"):
                value.copy_(0.5 * noise)
            elif value.dim() == 1 or name == "routing.key_gain":
                value.copy_(1 + 0.3 * noise)
            else:
                value.copy_(noise / value.shape[1] ** 0.5)
