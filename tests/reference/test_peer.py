# SPDX-License-Identifier: GPL-3.0-or-later
"""The PyTorch model that `wavlab bench` measures computes what the readable reference computes."""

import unittest
from dataclasses import replace

import torch

from small_models import largest_difference, scrambled, settings_of, token_batch
from wavlab_reference.experiment import METHODS
from wavlab_reference.peer import Peer, PeerError

SETTINGS = [settings_of(method) for method in METHODS] + [
    settings_of(method, layers=layers, block_size=size)
    for method in ("block_layerscale", "attnres_block", "wav", "haares")
    for layers, size in ((3, 1), (3, 4), (4, 5), (4, 3), (2, 100))
]


class PeerAgreement(unittest.TestCase):
    def check(self, settings):
        reference = scrambled(settings, epsilon=1e-6)
        peer = Peer(settings, torch.float64).to(torch.float64)
        peer.load_state_dict({name: value.detach() for name, value in reference.tensors.items()})
        tokens, targets = token_batch()
        wanted = reference.forward(tokens, targets).loss
        found = peer(tokens, targets)
        self.assertAlmostEqual(found.item(), wanted.item(), delta=1e-12, msg=str(settings))
        wanted.backward()
        found.backward()
        trained = {name: value for name, value in peer.named_parameters() if value.requires_grad}
        self.assertEqual(set(trained), set(reference.trained()))
        for name, value in reference.trained().items():
            given = [torch.zeros_like(value) if one.grad is None else one.grad for one in (trained[name], value)]
            self.assertLess(largest_difference(*given), 1e-11, f"{settings} {name}")

    def test_losses_and_gradients(self):
        for settings in SETTINGS:
            with self.subTest(method=settings.method, blocks=len(settings.block_ranges)):
                self.check(settings)

    def test_bf16_stays_close(self):
        for method in METHODS:
            settings = replace(settings_of(method), layers=2)
            reference = scrambled(settings, epsilon=1e-6)
            peer = Peer(settings, torch.bfloat16)
            peer.load_state_dict({name: value.detach().float() for name, value in reference.tensors.items()})
            tokens, targets = token_batch()
            wanted = reference.forward(tokens, targets).loss.item()
            self.assertAlmostEqual(peer(tokens, targets).item(), wanted, delta=0.03 * wanted, msg=method)

    def test_other_options_are_refused(self):
        for option in ({"detail": "duplicate"}, {"key_gain": False}, {"rms_match": "off"}, {"detach": False}):
            with self.assertRaisesRegex(PeerError, next(iter(option))):
                Peer(settings_of("wav", **option))


if __name__ == "__main__":
    unittest.main()
