# SPDX-License-Identifier: GPL-3.0-or-later
"""Gradients, training, checkpoints and the comparison's own bounds."""

import math
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

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
)
from wavlab_reference import cases, checkpoint, differences, experiment, model, train
from wavlab_reference.experiment import MethodSettings, TrainSettings


class Gradients(unittest.TestCase):
    def check(self, settings, hold_scales):
        decoder = scrambled(settings, epsilon=1e-6)
        tokens, targets = token_batch()
        output = decoder.forward(tokens, targets)
        output.loss.backward()
        scales = (
            {key: detail.scale.detach() for key, detail in output.details.items()} if hold_scales else None
        )
        generator = torch.Generator().manual_seed(1)
        for name, value in decoder.trained().items():
            direction = torch.randn(value.shape, generator=generator, dtype=torch.float64)
            expected = 0.0 if value.grad is None else (value.grad * direction).sum().item()
            losses = []
            with torch.no_grad():
                for step in (1e-5, -2e-5):
                    value.add_(step * direction)
                    losses.append(decoder.forward(tokens, targets, scales).loss.item())
                value.add_(1e-5 * direction)
            found = (losses[0] - losses[1]) / 2e-5
            self.assertAlmostEqual(
                found, expected, delta=1e-6 * max(1, abs(expected)), msg=f"{settings} {name}"
            )

    def test_finite_differences(self):
        for settings in ALL_SETTINGS:
            self.check(settings, settings.options.detach)

    def test_without_detach(self):
        for match in ("token", "tensor"):
            self.check(settings_of("wav", block_size=3, detach=False, rms_match=match), False)

    def test_detaching_matters(self):
        gradients = []
        for detach in (True, False):
            decoder = scrambled(settings_of("wav", block_size=3, detach=detach))
            decoder.forward(*token_batch()).loss.backward()
            gradients.append(decoder.tensors["layers.0.mlp.down.weight"].grad)
        self.assertGreater(largest_difference(*gradients), 1e-6)


class Training(unittest.TestCase):
    def test_learning_rate(self):
        settings = TrainSettings(steps=100, lr=1.0, min_lr=0.1, warmup=10)
        self.assertAlmostEqual(train.learning_rate(1, settings), 0.1)
        self.assertAlmostEqual(train.learning_rate(10, settings), 1.0)
        self.assertAlmostEqual(train.learning_rate(55, settings), 0.55)
        self.assertAlmostEqual(train.learning_rate(100, settings), 0.1)
        self.assertLess(train.learning_rate(1, replace(settings, warmup=0)), 1.0)

    def test_optimizer_is_torchs(self):
        settings = settings_of("wav", block_size=4)
        ours = model.Decoder(settings, model.scrambled_tensors(settings, 2, torch.float64))
        theirs = model.Decoder(settings, model.scrambled_tensors(settings, 2, torch.float64))
        training = TrainSettings(
            steps=6, batch=1, accumulate=2, lr=1e-2, min_lr=1e-3, warmup=2, grad_clip=0.5
        )
        batches = [token_batch(seed) for seed in range(6)]
        result = train.train(ours, training, batches)
        groups = [
            {
                "params": [v for n, v in theirs.trained().items() if train.is_decayed(n) is decayed],
                "weight_decay": 0.1 if decayed else 0.0,
            }
            for decayed in (True, False)
        ]
        optimizer = torch.optim.AdamW(groups, lr=1.0, betas=(0.9, 0.95), eps=1e-8)
        for step, (tokens, targets) in enumerate(batches, start=1):
            optimizer.zero_grad()
            loss = theirs.forward(tokens, targets).loss
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(theirs.trained().values(), 0.5).item()
            for group in optimizer.param_groups:
                group["lr"] = train.learning_rate(step, training)
            optimizer.step()
            self.assertAlmostEqual(result.losses[step - 1], loss.item(), delta=1e-10)
            self.assertAlmostEqual(result.gradient_norms[step - 1], norm, delta=1e-9)
        for name, value in ours.tensors.items():
            self.assertLess(largest_difference(value, theirs.tensors[name]), 1e-9, name)

    def test_decay_by_name(self):
        settings = settings_of("wav", block_size=4)
        kept = {name for name in model.parameter_shapes(settings) if not train.is_decayed(name)}
        norms = {f"layers.{i}.{part}.norm.weight" for i in range(3) for part in ("attn", "mlp")}
        self.assertEqual(
            kept,
            norms
            | {
                "embed.weight",
                "final_norm.weight",
                "routing.query",
                "routing.key_gain",
                "routing.detail_bias",
            },
        )

    def test_fixed_biases_stay(self):
        settings = settings_of("wav", block_size=4, detail_bias="fixed", detail_bias_init=-1.0)
        decoder = model.Decoder(settings, model.initial_tensors(settings, 1))
        train.train(decoder, TrainSettings(steps=2, lr=0.1, warmup=0), [token_batch(1), token_batch(2)])
        self.assertTrue((decoder.tensors["routing.detail_bias"] == -1).all())


class Checkpoints(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "model.safetensors"

    def write(self, settings, options="", **changes):
        text = f"""schema = 1
[model]
method = "{settings.method}"
layers = {settings.layers}
width = 16
heads = 2
mlp_hidden = 24
context = {LENGTH}
[method]
{options}
"""
        metadata = {
            "experiment": text,
            "vocabulary": str(list(range(97, 97 + VOCABULARY))),
            "step": "0",
            "wavlab_version": "test",
            "checksums": "{}",
        }
        tensors = model.scrambled_tensors(settings, 4)
        tensors.update(changes.pop("tensors", {}))
        checkpoint.write_checkpoint(self.path, tensors, metadata | changes)
        return tensors

    def test_round_trip(self):
        settings = settings_of("wav", block_size=4, detail="random_sign")
        tensors = self.write(settings, 'block_size = 4\ndetail = "random_sign"')
        found = checkpoint.read_checkpoint(self.path)
        self.assertEqual(found.settings, settings)
        self.assertNotIn("checksums", found.metadata)
        self.assertEqual(found.vocabulary[:3], ["a", "b", "c"])
        decoder = found.decoder()
        checkpoint.write_decoder(self.path, decoder, found.metadata)
        again = checkpoint.read_checkpoint(self.path)
        for name, value in tensors.items():
            self.assertTrue(torch.equal(again.tensors[name], value))

    def test_options_of_other_methods_are_ignored(self):
        self.write(settings_of("standard"), "blocks = 3\nphase = false")
        self.assertEqual(checkpoint.read_checkpoint(self.path).settings.options, MethodSettings())

    def test_errors(self):
        wav = settings_of("wav", block_size=4)
        self.write(wav, "block_size = 4\nkey_gain = false")
        with self.assertRaisesRegex(checkpoint.CheckpointError, "routing.key_gain does not belong"):
            checkpoint.read_checkpoint(self.path)
        self.write(wav, 'block_size = 4\ndetail = "random_sign"')
        with self.assertRaisesRegex(checkpoint.CheckpointError, "routing.detail_sign is missing"):
            checkpoint.read_checkpoint(self.path)
        self.write(wav, "block_size = 4", tensors={"routing.query": torch.zeros(6, 16)})
        with self.assertRaisesRegex(checkpoint.CheckpointError, "routing.query has shape"):
            checkpoint.read_checkpoint(self.path)
        self.write(wav, "block_size = 4", vocabulary="[1, 2]")
        with self.assertRaisesRegex(checkpoint.CheckpointError, "vocabulary"):
            checkpoint.read_checkpoint(self.path)
        self.write(wav, "no_such_option = 4")
        with self.assertRaisesRegex(ValueError, "no_such_option"):
            checkpoint.read_checkpoint(self.path)


class Comparison(unittest.TestCase):
    def test_every_method_is_compared(self):
        for table in (cases.EVALUATION_CASES, cases.TRAINING_CASES):
            self.assertEqual({case.method for case in table}, set(experiment.METHODS))
            self.assertEqual(len({case.name for case in table}), len(table))

    def test_every_option_is_varied(self):
        used = {key for case in cases.EVALUATION_CASES for key in case.options}
        self.assertEqual(used, set().union(*experiment.METHOD_OPTIONS.values()))

    def test_cases_are_experiments(self):
        for case in (*cases.EVALUATION_CASES, *cases.TRAINING_CASES):
            text = cases.experiment_text(case, Path("/nowhere/text.txt"))
            settings = experiment.model_settings(text, 9)
            self.assertEqual((settings.method, settings.layers), (case.method, case.layers))
            for key, value in case.options.items():
                self.assertEqual(getattr(settings.options, key), value)

    def test_tolerances_hold_float32_rounding_and_no_more(self):
        """The reference in float32 against itself in float64 must agree; a wrong gain must not."""
        for case in cases.EVALUATION_CASES:
            settings = experiment.model_settings(cases.experiment_text(case, Path("/nowhere/text.txt")), 12)
            tensors = model.scrambled_tensors(settings, 7)
            generator = torch.Generator().manual_seed(2)
            draw = torch.randint(12, (2, settings.context + 1), generator=generator)
            dump = differences.reference_dump(model.Decoder(settings, tensors), draw[:, :-1], draw[:, 1:])
            exact = {name: value.double() for name, value in tensors.items()}
            expected = differences.reference_dump(model.Decoder(settings, exact), draw[:, :-1], draw[:, 1:])
            for row in differences.compare_dumps(case.name, dump, expected):
                self.assertTrue(row.passed, row)
            exact["layers.1.mlp.norm.weight"] = exact["layers.1.mlp.norm.weight"] * 1.001
            wrong = differences.reference_dump(model.Decoder(settings, exact), draw[:, :-1], draw[:, 1:])
            rows = {row.tensor: row for row in differences.compare_dumps(case.name, dump, wrong)}
            self.assertFalse(rows["logits"].passed, case.name)

    def test_what_is_not_finite_fails(self):
        row = differences.series_row("case", "loss", [1.0, math.nan, 1.0], [1.0, 1.0, 1.0], 1e-5)
        self.assertFalse(row.passed)
        found = torch.tensor([1.0, math.inf, math.nan])
        self.assertFalse(differences.tensor_row("case", "logits", found, torch.ones(3), 1e-5).passed)

    def test_training_tolerances_hold_float32_rounding_and_no_more(self):
        for case in cases.TRAINING_CASES:
            text = cases.experiment_text(case, Path("/nowhere/text.txt"))
            settings, training = experiment.model_settings(text, VOCABULARY), experiment.train_settings(text)
            start = model.initial_tensors(settings, 7)
            parts = training.batch * training.accumulate // BATCH
            batches = [
                tuple(
                    torch.cat([token_batch(10 * step + part)[side] for part in range(max(1, parts))])
                    for side in (0, 1)
                )
                for step in range(training.steps)
            ]
            single = model.Decoder(settings, start)
            found = train.train(single, training, batches)
            double = model.Decoder(settings, {name: value.double() for name, value in start.items()})
            expected = train.train(double, training, batches)
            self.assertTrue(
                differences.series_row(
                    case.name, "train/loss", found.losses, expected.losses, differences.LOSS_TOLERANCE
                ).passed
            )
            final = {name: value.detach() for name, value in double.tensors.items()}
            for row in differences.movement_rows(case.name, start, single.tensors, final):
                self.assertTrue(row.passed, row)
            other = model.Decoder(settings, {name: value.double() for name, value in start.items()})
            wrong = train.train(other, replace(training, lr=training.lr * 1.02), batches)
            self.assertFalse(
                differences.series_row(
                    case.name, "train/loss", found.losses, wrong.losses, differences.LOSS_TOLERANCE
                ).passed
            )


if __name__ == "__main__":
    unittest.main()
