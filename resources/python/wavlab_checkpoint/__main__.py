# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m wavlab_checkpoint CHECKPOINT`: what a checkpoint holds."""
from __future__ import annotations

import argparse
import json
import sys
from typing import List, Optional, Tuple

from . import Checkpoint, CheckpointError, load

_METHOD_TENSORS = ("routing.", "rezero.", "layerscale.")


def summary(checkpoint: Checkpoint) -> List[Tuple[str, str]]:
    """Rows of a name and what stands beside it."""
    experiment, metadata, settings = checkpoint.experiment, checkpoint.metadata, checkpoint.settings
    data, train = experiment.get("data", {}), experiment.get("train", {})
    sizes = {name: value.numel() for name, value in checkpoint.model.named_parameters()}
    own = sum(size for name, size in sizes.items() if name.startswith(_METHOD_TENSORS))
    options = ", ".join(f"{key} = {json.dumps(value)}" for key, value in experiment.get("method", {}).items())
    rows = [
        ("file", str(checkpoint.path)),
        ("experiment", f"{experiment.get('name', '')}, seed {experiment.get('seed', '')}"),
        ("step", f"{checkpoint.step} of {train.get('steps', '?')}"),
        ("model", f"{settings.method}, {settings.layers} layers, width {settings.width}, {settings.heads} heads, "
                  f"MLP {settings.mlp_hidden}, context {settings.context}"),
        ("options", options or "none"),
    ]
    if settings.routed:
        sources = checkpoint.model.sources
        rows += [
            ("blocks", ", ".join(str(len(block)) for block in settings.blocks_of_sublayers) + " sublayers"),
            ("routers", f"{len(sources)}, the last reads {', '.join(sources[-1])}"),
        ]
    checked = len(json.loads(metadata.get("checksums", "{}")))
    return rows + [
        ("tokens", f"{checkpoint.tokenizer.name}, {len(checkpoint.tokenizer)}"),
        ("data", str(data.get("dataset", ""))),
        ("parameters", f"{sum(sizes.values()):,}, {own:,} of them the method's"),
        ("checksums", f"{checked} tensors, all right" if checked else "none in the file"),
        ("written by", "WAV Lab " + metadata.get("wavlab_version", "of an unknown version")
                       + (", changed by " + metadata["written_by"] if "written_by" in metadata else "")),
    ]


def main(arguments: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m wavlab_checkpoint", description="Says what a checkpoint holds.")
    parser.add_argument("checkpoint", help="a run's folder, a checkpoint's folder or a .safetensors file")
    parser.add_argument("--step", default="last", help="of a run: a number, last or best")
    options = parser.parse_args(arguments)
    try:
        checkpoint = load(options.checkpoint, options.step)
    except (CheckpointError, OSError) as error:
        print(f"wavlab_checkpoint: {error}", file=sys.stderr)
        return 2
    for name, text in summary(checkpoint):
        print(f"{name:<12}{text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
