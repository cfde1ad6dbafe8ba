# SPDX-License-Identifier: GPL-3.0-or-later
"""Small models and batches for the tests of the reference."""

import torch

from wavlab_reference import experiment, model
from wavlab_reference.experiment import ModelSettings

torch.set_num_threads(1)

VOCABULARY, BATCH, LENGTH = 11, 2, 7


def settings_of(method, layers=3, **options):
    """Small model settings; `options` goes through the same rules as an experiment's [method]."""
    return ModelSettings(
        vocabulary=VOCABULARY,
        method=method,
        layers=layers,
        width=16,
        heads=2,
        mlp_hidden=24,
        context=LENGTH,
        options=experiment.method_settings(method, options),
    )


def scrambled(settings, seed=5, epsilon=0.0, **changes):
    """A double-precision model with scrambled parameters; `changes` replaces tensors by function."""
    tensors = model.scrambled_tensors(settings, seed, torch.float64)
    for name, change in changes.items():
        key = name.replace("__", ".")
        tensors[key] = change(tensors[key])
    return model.Decoder(settings, tensors, epsilon)


def with_backbone_of(settings, other, epsilon=0.0):
    """A scrambled model of `settings` that takes every tensor it shares with `other` from there."""
    tensors = model.scrambled_tensors(settings, 99, torch.float64)
    tensors |= {name: value for name, value in other.tensors.items() if name in tensors}
    return model.Decoder(settings, tensors, epsilon)


def token_batch(seed=3):
    generator = torch.Generator().manual_seed(seed)
    draw = torch.randint(VOCABULARY, (BATCH, LENGTH + 1), generator=generator)
    return draw[:, :-1], draw[:, 1:]


def largest_difference(first, second):
    return (first - second).abs().max().item()


ALL_SETTINGS = [
    settings_of("standard"),
    settings_of("rezero"),
    settings_of("layerscale"),
    settings_of("block_layerscale", block_size=4),
    settings_of("attnres_full"),
    settings_of("attnres_block", block_size=4),
    settings_of("wav", block_size=4),
    settings_of("wav", block_size=5),
    settings_of("wav", block_size=4, detail_scope="online", detach=False),
    settings_of("wav", block_size=4, detail="random_sign"),
    settings_of("wav", block_size=4, detail="duplicate"),
    settings_of("wav", block_size=4, rms_match="off", key_gain=False),
    settings_of("haares", block_size=4),
]
