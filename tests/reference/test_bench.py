# SPDX-License-Identifier: GPL-3.0-or-later
"""What `wavlab bench` asks of PyTorch: the line protocol, and steps that are those of the reference's training."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import torch
from safetensors.torch import save_file

from small_models import BATCH
from wavlab_reference import bench, checkpoint, train
from wavlab_reference.experiment import train_settings
from wavlab_reference.model import initial_tensors

VOCABULARY, CONTEXT, STEPS = 11, 8, 3
EXPERIMENT = f"""
[model]
method = "wav"
layers = 3
width = 16
heads = 2
context = {CONTEXT}
[method]
blocks = 2
[train]
lr = 1e-3
min_lr = 1e-3
warmup = 0
grad_clip = 0.1
"""


class BenchProtocol(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="wavlab-reference-")
        self.addCleanup(folder.cleanup)
        self.model, self.batches = (Path(folder.name) / name for name in ("model.safetensors", "b.safetensors"))
        metadata = {
            "experiment": EXPERIMENT,
            "vocabulary": json.dumps(list(range(65, 65 + VOCABULARY))),
            "step": "0",
            "wavlab_version": "0",
        }
        settings = checkpoint.model_settings(EXPERIMENT, VOCABULARY)
        checkpoint.write_checkpoint(self.model, initial_tensors(settings, 3), metadata)
        generator = torch.Generator().manual_seed(4)
        draws = [torch.randint(VOCABULARY, (BATCH, CONTEXT + 1), generator=generator) for _ in range(STEPS)]
        self.pairs = [(draw[:, :-1].contiguous(), draw[:, 1:].contiguous()) for draw in draws]
        save_file(
            {
                f"{kind}.{step}": value
                for step, pair in enumerate(self.pairs, start=1)
                for kind, value in zip(("tokens", "targets"), pair, strict=True)
            },
            str(self.batches),
        )

    def talk(self, *lines):
        command = [sys.executable, "-m", "wavlab_reference.bench", "--model", self.model, "--batches", self.batches]
        done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def test_steps_are_those_of_the_reference(self):
        code, answers = self.talk(*["check"] * STEPS)
        self.assertEqual(code, 0)
        self.assertEqual(answers[0], {"torch": torch.__version__})
        start = checkpoint.read_checkpoint(self.model)
        wanted = train.train(start.decoder(torch.float64), train_settings(EXPERIMENT), self.pairs)
        for answer, loss, norm in zip(answers[1:], wanted.losses, wanted.gradient_norms, strict=True):
            self.assertAlmostEqual(answer["loss"], loss, delta=1e-5 * loss)
            self.assertAlmostEqual(answer["gradient_norm"], norm, delta=1e-4 * norm)

    def test_commands(self):
        code, answers = self.talk("check", "time 3", "memory", "relax", "", "check")
        self.assertEqual(code, 0, "an empty line ends it")
        self.assertEqual([list(answer) for answer in answers[1:]], [["loss", "gradient_norm"], ["seconds"], ["bytes"], []])
        self.assertGreater(answers[2]["seconds"], 0)
        self.assertGreater(answers[3]["bytes"], 0)

    def test_errors_are_one_line(self):
        code, answers = self.talk("check", "jump")
        self.assertEqual(code, 1)
        self.assertIn("jump", answers[-1]["error"])
        self.model.write_bytes(b"nothing")
        code, answers = self.talk()
        self.assertEqual((code, len(answers), list(answers[0])), (1, 1, ["error"]))

    def test_too_little_memory_is_told_apart(self):
        with self.assertRaises(RuntimeError) as caught:
            torch.empty(1 << 60, dtype=torch.uint8)
        for error in (caught.exception, torch.OutOfMemoryError("CUDA out of memory")):
            self.assertTrue(bench.problem_of(error)["memory"], error)
        self.assertEqual(list(bench.problem_of(bench.MissingLibrary("no\n torch"))), ["error", "missing"])

    def test_numbers_that_are_none(self):
        values = [bench.number(float(text)) for text in ("nan", "inf", "-inf", "0.5")]
        self.assertEqual(values, ["NaN", "Infinity", "-Infinity", 0.5])


if __name__ == "__main__":
    unittest.main()
