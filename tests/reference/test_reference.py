# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference models against the identities and rules of the design."""

import math
import unittest
from dataclasses import replace

import torch

from small_models import (
    ALL_SETTINGS,
    BATCH,
    LENGTH,
    VOCABULARY,
    largest_difference,
    scrambled,
    settings_of,
    token_batch,
    with_backbone_of,
)
from wavlab_reference import model, probe


class Backbone(unittest.TestCase):
    def test_rms_norm_is_torchs(self):
        value, gain = torch.randn(3, 8, dtype=torch.float64), torch.randn(8, dtype=torch.float64)
        expected = torch.nn.functional.rms_norm(value, (8,), gain, 1e-6)
        self.assertLess(largest_difference(model.rms_norm(value, gain, 1e-6), expected), 1e-14)

    def test_attention_scores_depend_on_distance_only(self):
        query, key = torch.randn(8, dtype=torch.float64), torch.randn(8, dtype=torch.float64)
        turned_query = model.rotate(query.expand(1, 1, 12, 8))[0, 0]
        turned_key = model.rotate(key.expand(1, 1, 12, 8))[0, 0]
        scores = turned_query @ turned_key.T
        self.assertLess(largest_difference(scores[5:, :-5].diagonal(), scores[5, 0]), 1e-13)
        self.assertLess(largest_difference(scores[0, 0], query @ key), 1e-13)

    def test_rope_pairs_channel_with_channel_plus_half(self):
        value = torch.zeros(1, 1, 2, 4, dtype=torch.float64)
        value[..., 0] = 1
        turned = model.rotate(value)[0, 0, 1]
        expected = torch.tensor([math.cos(1), 0, math.sin(1), 0], dtype=torch.float64)
        self.assertLess(largest_difference(turned, expected), 1e-15)

    def test_attention_is_torchs(self):
        decoder = scrambled(settings_of("standard", layers=1))
        value = torch.randn(BATCH, LENGTH, 16, dtype=torch.float64)
        q, k, v = (value @ decoder.tensors["layers.0.attn.qkv.weight"].T).split(16, dim=-1)
        q, k, v = (part.unflatten(-1, (2, 8)).transpose(1, 2) for part in (q, k, v))
        mixed = torch.nn.functional.scaled_dot_product_attention(
            model.rotate(q), model.rotate(k), v, is_causal=True
        )
        expected = mixed.transpose(1, 2).flatten(2) @ decoder.tensors["layers.0.attn.out.weight"].T
        self.assertLess(largest_difference(decoder.attention(0, value), expected), 1e-13)

    def test_initial_values(self):
        for settings in ALL_SETTINGS:
            tensors = model.initial_tensors(replace(settings, width=64, mlp_hidden=256), 1)
            self.assertAlmostEqual(tensors["layers.0.attn.qkv.weight"].std().item(), 0.02, delta=0.001)
            depth_scaled = 0.02 / math.sqrt(settings.sublayers)
            self.assertAlmostEqual(
                tensors["layers.2.mlp.down.weight"].std().item(), depth_scaled, delta=0.0005
            )
            self.assertTrue((tensors["final_norm.weight"] == 1).all())

    def test_caits_rule(self):
        self.assertEqual([model.cait_init(layers) for layers in (18, 19, 24, 25)], [0.1, 1e-5, 1e-5, 1e-6])


class Residuals(unittest.TestCase):
    def test_neutral_scales_equal_standard(self):
        standard = scrambled(settings_of("standard"))
        expected = standard.forward(*token_batch()).logits
        for settings in (
            settings_of("rezero"),
            settings_of("layerscale"),
            settings_of("block_layerscale", blocks=2),
        ):
            decoder = with_backbone_of(settings, standard)
            name = "rezero.alpha" if settings.method == "rezero" else "layerscale.lambda"
            decoder.tensors[name] = torch.ones_like(decoder.tensors[name])
            self.assertLess(largest_difference(decoder.forward(*token_batch()).logits, expected), 1e-12)

    def test_rezero_starts_as_identity(self):
        settings = settings_of("rezero")
        output = model.Decoder(settings, model.initial_tensors(settings, 1)).forward(*token_batch())
        self.assertTrue(torch.equal(output.inputs[-1], output.embedding))

    def test_block_layerscale_has_one_scale_a_block(self):
        settings = settings_of("block_layerscale", block_size=4)
        blocked = scrambled(settings)
        self.assertEqual(blocked.tensors["layerscale.lambda"].shape, (2, 16))
        plain = with_backbone_of(settings_of("layerscale"), blocked_without_scale(blocked))
        plain.tensors["layerscale.lambda"] = blocked.tensors["layerscale.lambda"][[0, 0, 0, 0, 1, 1]]
        difference = largest_difference(
            blocked.forward(*token_batch()).logits, plain.forward(*token_batch()).logits
        )
        self.assertLess(difference, 1e-12)


def blocked_without_scale(decoder):
    """The same model seen as `standard`, so that only its backbone is shared."""
    settings = replace(decoder.settings, method="standard")
    shared = {name: decoder.tensors[name] for name in model.parameter_shapes(settings)}
    return model.Decoder(settings, shared, decoder.epsilon)


class Identities(unittest.TestCase):
    def test_zero_queries_equal_standard_after_the_norm(self):
        standard = scrambled(settings_of("standard"))
        expected = standard.forward(*token_batch())
        block_sizes = [settings_of("attnres_block", block_size=size) for size in (1, 2, 3, 4, 5, 6, 50)]
        for settings in [settings_of("attnres_full"), *block_sizes]:
            decoder = with_backbone_of(settings, standard)
            decoder.tensors["routing.query"] = torch.zeros_like(decoder.tensors["routing.query"])
            output = decoder.forward(*token_batch())
            self.assertLess(largest_difference(output.normalised, expected.normalised), 1e-11)
            self.assertLess(largest_difference(output.logits, expected.logits), 1e-11)

    def test_uniform_routing_divides_the_stream_by_the_number_of_sources(self):
        standard = scrambled(settings_of("standard"))
        decoder = with_backbone_of(settings_of("attnres_block", block_size=4), standard)
        decoder.tensors["routing.query"] = torch.zeros_like(decoder.tensors["routing.query"])
        expected, output = standard.forward(*token_batch()), decoder.forward(*token_batch())
        for stream, mixed, router in zip(expected.inputs, output.inputs, output.routers, strict=True):
            self.assertLess(largest_difference(stream, mixed * len(router.labels)), 1e-11)

    def test_block_size_one_equals_full(self):
        full = scrambled(settings_of("attnres_full"))
        for method in ("attnres_block", "wav", "haares"):
            decoder = with_backbone_of(settings_of(method, block_size=1), full)
            output, expected = decoder.forward(*token_batch()), full.forward(*token_batch())
            self.assertLess(largest_difference(output.logits, expected.logits), 1e-13)
            for router, other in zip(output.routers, expected.routers, strict=True):
                self.assertEqual(router.labels, other.labels)

    def test_huge_negative_bias_equals_attnres_block(self):
        for size in (2, 3, 4, 5, 12):
            block = scrambled(settings_of("attnres_block", block_size=size))
            expected = block.forward(*token_batch()).logits
            for extra in ({}, {"detail_scope": "online"}, {"detail": "random_sign"}, {"rms_match": "tensor"}):
                decoder = with_backbone_of(settings_of("wav", block_size=size, **extra), block)
                decoder.tensors["routing.detail_bias"] = torch.full((7, 2), -1e4, dtype=torch.float64)
                self.assertLess(largest_difference(decoder.forward(*token_batch()).logits, expected), 1e-13)

    def test_haares_is_wav_with_fixed_settings(self):
        for size in (3, 4, 5):
            haares = scrambled(settings_of("haares", block_size=size, phase=True, split=False))
            wav = with_backbone_of(
                settings_of("wav", block_size=size, phase=False, split=True, detail_scope="online"), haares
            )
            first, second = haares.forward(*token_batch()), wav.forward(*token_batch())
            self.assertTrue(torch.equal(first.logits, second.logits))
            self.assertEqual([r.labels for r in first.routers], [r.labels for r in second.routers])

    def test_weights_are_a_distribution(self):
        for settings in ALL_SETTINGS:
            for router in scrambled(settings).forward(*token_batch()).routers:
                self.assertTrue((router.weights >= 0).all())
                self.assertLess(largest_difference(router.weights.sum(-1), torch.ones(())), 1e-12)
                self.assertEqual(router.weights.shape, (BATCH, LENGTH, len(router.labels)))

    def test_uniform_at_the_start(self):
        settings = settings_of("attnres_block", block_size=4)
        for router in (
            model.Decoder(settings, model.initial_tensors(settings, 1)).forward(*token_batch()).routers
        ):
            uniform = torch.tensor(1 / len(router.labels))
            self.assertLess(largest_difference(router.weights, uniform), 1e-6)

    def test_ten_times_a_source_keeps_its_logit(self):
        decoder = scrambled(settings_of("wav", block_size=4))
        values = [torch.randn(BATCH, LENGTH, 16, dtype=torch.float64) for _ in range(3)]
        kinds = ("content", "phase", "split")
        sources = [model.Source(kind, kind, value) for kind, value in zip(kinds, values)]
        larger = [model.Source(kind, kind, 10 * value) for kind, value in zip(kinds, values)]
        before, after = decoder.route(4, sources)[1], decoder.route(4, larger)[1]
        self.assertLess(largest_difference(before.logits, after.logits), 1e-12)

    def test_values_are_raw_sources(self):
        decoder = scrambled(settings_of("attnres_block", block_size=2))
        output = decoder.forward(*token_batch())
        weights = output.routers[3].weights  # router 4: embedding, block1, partial
        mixed = (
            weights[..., 0:1] * output.embedding
            + weights[..., 1:2] * (output.updates[0] + output.updates[1])
            + weights[..., 2:3] * output.updates[2]
        )
        self.assertLess(largest_difference(mixed, output.inputs[3]), 1e-13)

    def test_causality(self):
        tokens, _ = token_batch()
        changed = tokens.clone()
        changed[:, 4] = (changed[:, 4] + 1) % VOCABULARY
        for settings in ALL_SETTINGS:
            decoder = scrambled(settings)
            before, after = decoder.forward(tokens), decoder.forward(changed)
            self.assertLess(largest_difference(before.logits[:, :4], after.logits[:, :4]), 1e-12)
            self.assertGreater(largest_difference(before.logits[:, 4:], after.logits[:, 4:]), 1e-3)

    def test_tensor_matching_is_not_causal(self):
        tokens, _ = token_batch()
        changed = tokens.clone()
        changed[:, 4] = (changed[:, 4] + 1) % VOCABULARY
        decoder = scrambled(settings_of("wav", block_size=2, rms_match="tensor"))
        difference = largest_difference(
            decoder.forward(tokens).logits[:, :4], decoder.forward(changed).logits[:, :4]
        )
        self.assertGreater(difference, 1e-9)


class Sources(unittest.TestCase):
    def labels(self, method, layers=3, **options):
        return [
            router.labels
            for router in scrambled(settings_of(method, layers, **options)).forward(*token_batch()).routers
        ]

    def test_full(self):
        found = self.labels("attnres_full")
        self.assertEqual(found[0], ["embedding"])
        self.assertEqual(found[6], ["embedding"] + [f"block{n}" for n in range(1, 7)])

    def test_blocks_with_a_shorter_last_one(self):
        self.assertEqual(
            self.labels("attnres_block", block_size=4),
            [
                ["embedding"],
                ["embedding", "partial"],
                ["embedding", "partial"],
                ["embedding", "partial"],
                ["embedding", "block1"],
                ["embedding", "block1", "partial"],
                ["embedding", "block1", "block2"],
            ],
        )

    def test_block_longer_than_the_model(self):
        found = self.labels("attnres_block", block_size=50)
        self.assertEqual(found[5:], [["embedding", "partial"], ["embedding", "block1"]])

    def test_wav(self):
        found = self.labels("wav", block_size=4)
        self.assertEqual(found[3], ["embedding", "partial"])
        self.assertEqual(found[4], ["embedding", "block1", "phase1", "split1"])
        self.assertEqual(found[5], ["embedding", "block1", "phase1", "split1", "partial"])
        self.assertEqual(found[6], ["embedding", "block1", "phase1", "split1", "block2", "phase2", "split2"])

    def test_a_block_of_one_has_no_details(self):
        self.assertEqual(
            self.labels("wav", block_size=5)[6], ["embedding", "block1", "phase1", "split1", "block2"]
        )

    def test_online(self):
        found = self.labels("wav", block_size=4, detail_scope="online")
        self.assertEqual(found[1], ["embedding", "partial"])
        self.assertEqual(found[2], ["embedding", "partial", "phase-partial"])
        self.assertEqual(found[3], ["embedding", "partial", "phase-partial", "split-partial"])
        self.assertEqual(found[4], ["embedding", "block1", "phase1", "split1"])
        # The last block has two sublayers, so its planned first half is one of them: complete, no partial.
        self.assertEqual(found[6], ["embedding", "block1", "phase1", "split1", "block2", "phase2", "split2"])

    def test_online_splits_a_short_block_by_its_actual_length(self):
        # 8 sublayers in blocks of 5 and 3: the first half of the second is 2, its split needs all 3.
        found = self.labels("wav", layers=4, block_size=5, detail_scope="online", phase=False)
        self.assertEqual(found[7], ["embedding", "block1", "split1", "partial"])
        self.assertEqual(found[8], ["embedding", "block1", "split1", "block2", "split2"])
        # 10 sublayers in blocks of 6 and 4: had the second been planned as 6, split would start after 4.
        found = self.labels("wav", layers=5, block_size=6, detail_scope="online", phase=False)
        self.assertEqual(found[9], ["embedding", "block1", "split1", "partial", "split-partial"])

    def test_blocks_option(self):
        sizes = [
            (blocks, settings_of("wav", layers=3, blocks=blocks).block_size)
            for blocks in (1, 2, 4, 5, 6, 100)
        ]
        self.assertEqual(sizes, [(1, 6), (2, 3), (4, 2), (5, 2), (6, 1), (100, 1)])
        self.assertEqual(len(settings_of("wav", layers=3, blocks=4).block_ranges), 3)
        self.assertEqual(settings_of("wav", layers=3, blocks=4, block_size=5).block_size, 5)

    def test_the_embedding_is_counted_once(self):
        for settings in ALL_SETTINGS:
            if not settings.routed:
                continue
            decoder = scrambled(settings)
            output = decoder.forward(*token_batch())
            blanked = model.Output()
            sources = decoder.sources(
                settings.sublayers + 1, torch.zeros_like(output.embedding), output.updates, blanked, None
            )
            content = sum(source.value for source in sources if source.kind == "content")
            self.assertLess(largest_difference(content, sum(output.updates)), 1e-12)


class Details(unittest.TestCase):
    def details(self, router, **options):
        output = scrambled(settings_of("wav", **options)).forward(*token_batch())
        return output, {
            label: detail for (number, label), detail in output.details.items() if number == router
        }

    def test_coefficients_sum_to_zero(self):
        for length in range(2, 9):
            for signs in (
                model.phase_signs(list(range(1, length + 1))),
                model.split_signs(range(1, length + 1), length),
            ):
                self.assertAlmostEqual(sum(model.balanced_coefficients(signs)), 0.0)
        self.assertEqual(model.balanced_coefficients([1, -1, 1, -1]), [1, -1, 1, -1])
        self.assertEqual(model.balanced_coefficients([1, 1, -1]), [0.75, 0.75, -1.5])
        self.assertIsNone(model.balanced_coefficients([1, 1]))

    def test_phase_and_split_of_a_block(self):
        output, details = self.details(5, block_size=4)
        u = output.updates
        self.assertLess(largest_difference(details["phase1"].raw, u[0] - u[1] + u[2] - u[3]), 1e-13)
        self.assertLess(largest_difference(details["split1"].raw, u[0] + u[1] - u[2] - u[3]), 1e-13)

    def test_a_block_that_starts_with_an_mlp(self):
        output, details = self.details(7, block_size=3)
        u = output.updates  # block 2 is sublayers 4 (MLP), 5 (attention), 6 (MLP)
        self.assertLess(largest_difference(details["phase2"].raw, 1.5 * u[4] - 0.75 * (u[3] + u[5])), 1e-13)
        self.assertLess(largest_difference(details["split2"].raw, 0.75 * (u[3] + u[4]) - 1.5 * u[5]), 1e-13)

    def test_online_details_cover_what_is_done(self):
        output, details = self.details(4, block_size=6, detail_scope="online")
        u = output.updates  # three of six done; the planned first half is three, so there is no split yet
        self.assertEqual(set(details), {"phase-partial"})
        self.assertLess(
            largest_difference(details["phase-partial"].raw, 0.75 * (u[0] + u[2]) - 1.5 * u[1]), 1e-13
        )
        self.assertLess(largest_difference(details["phase-partial"].summary, u[0] + u[1] + u[2]), 1e-13)
        output, details = self.details(5, block_size=6, detail_scope="online")
        u = output.updates
        expected = (2 / 3) * (u[0] + u[1] + u[2]) - 2 * u[3]
        self.assertLess(largest_difference(details["split-partial"].raw, expected), 1e-13)

    def test_matching(self):
        for options, axes in (({"rms_match": "token"}, -1), ({"rms_match": "tensor"}, (0, 1, 2))):
            _, details = self.details(7, block_size=3, **options)
            for detail in details.values():
                matched = detail.matched.square().mean(axes).sqrt()
                summary = detail.summary.square().mean(axes).sqrt()
                self.assertLess(largest_difference(matched, summary), 1e-5)
                self.assertFalse(detail.scale.requires_grad)
        _, details = self.details(7, block_size=3, rms_match="off")
        self.assertTrue(all(torch.equal(detail.matched, detail.raw) for detail in details.values()))

    def test_duplicate_repeats_the_summary(self):
        _, details = self.details(7, block_size=3, detail="duplicate")
        self.assertEqual(set(details), {"phase1", "split1", "phase2", "split2"})
        self.assertTrue(all(torch.equal(detail.matched, detail.summary) for detail in details.values()))

    def test_random_signs_are_balanced(self):
        for size in (2, 3, 4, 5, 6):
            settings = settings_of("wav", block_size=size, detail="random_sign")
            signs = model.initial_tensors(settings, 1)["routing.detail_sign"]
            self.assertEqual(signs.shape, (2, 6))
            for block in settings.block_ranges:
                sums = signs[:, block.start - 1 : block.stop - 1].sum(-1)
                self.assertTrue((sums == len(block) % 2).all())

    def test_gradient_of_rms_at_zero_is_zero(self):
        for whole in (False, True):
            value = torch.zeros(2, 3, 4, dtype=torch.float64, requires_grad=True)
            (gradient,) = torch.autograd.grad(model.root_mean_square(value, whole).sum(), value)
            self.assertTrue(torch.equal(gradient, torch.zeros_like(value)))
            value = torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True)
            self.assertTrue(torch.autograd.gradcheck(lambda v: model.root_mean_square(v, whole), value))

    def test_dead_sublayers_give_finite_gradients_without_detach(self):
        for match in ("token", "tensor"):
            settings = settings_of("wav", block_size=2, rms_match=match, detach=False)
            tensors = model.scrambled_tensors(settings, 5, torch.float64)
            for name in ("layers.0.attn.out.weight", "layers.0.mlp.down.weight"):
                tensors[name].zero_()
            decoder = model.Decoder(settings, tensors)  # u_1 = u_2 = 0: summary and details of block 1 are 0
            decoder.forward(*token_batch()).loss.backward()
            for value in decoder.trained().values():
                self.assertTrue(torch.isfinite(value.grad).all())


class Removals(unittest.TestCase):
    """Sources that routers do without, and the first-order estimate of what that does."""

    def probed(self, **options):
        decoder = scrambled(settings_of("wav", block_size=3, **options))
        return probe.Reference(decoder, *token_batch())

    def test_the_estimate_is_the_slope_of_the_loss(self):
        for options in ({}, {"detach": False}, {"detail_scope": "online"}):
            reference = self.probed(**options)
            step = 1e-5
            for key, removal in probe.expected_removals(reference).items():
                up, down = (
                    reference.loss(replace(removal, share=share), hold_scales=options.get("detach", True))
                    for share in (step, -step)
                )
                slope = (up - down) / (2 * step)
                self.assertAlmostEqual(reference.attribution(removal), slope, delta=1e-8, msg=str(key))

    def test_removing_a_source_leaves_the_others(self):
        reference = self.probed()
        number, place = 5, 1
        router = reference.routers[number - 1]
        weight = router.weights[..., place, None]
        state = reference.output.inputs[number - 1]
        without = state - weight * router.values[place]
        for renormalise, wanted in ((False, without), (True, without / (1 - weight))):
            removal = model.Removal({number: {place}}, renormalise)
            output = reference.decoder.forward(reference.tokens, removal=removal)
            self.assertLess(largest_difference(output.inputs[number - 1], wanted), 1e-12)
            for before in range(number - 1):
                self.assertEqual(
                    largest_difference(output.inputs[before], reference.output.inputs[before]), 0
                )

    def test_nothing_removed_changes_nothing(self):
        reference = self.probed()
        self.assertEqual(reference.loss(model.Removal({})), reference.output.loss.item())
        self.assertEqual(reference.loss(model.Removal({3: {0}}, share=0.0)), reference.output.loss.item())


if __name__ == "__main__":
    unittest.main()
