# SPDX-License-Identifier: GPL-3.0-or-later
"""Every method and its options: the module computes what `wavlab eval --dump` wrote."""

import json
import unittest
from concurrent.futures import ThreadPoolExecutor

import torch
from torch.nn.functional import cross_entropy

import wavlab_checkpoint
from program import initial_model, new_model, program, scramble, scratch, small_run
from wavlab_reference import cases
from wavlab_reference.cases import Case

TOLERANCE = 1e-5  # of a tensor's largest value: the program computes in float32
GRADIENT_TOLERANCE = 5e-5
HALF_TOLERANCE = 0.05  # of a tensor's L2 norm: bf16 has 8 bits

CASES = cases.EVALUATION_CASES + (
    Case("block-no-gain", "attnres_block", 3, {"key_gain": False}),
    Case("wav-no-details", "wav", 3, {"phase": False, "split": False}),
    Case("wav-fixed-with-gain", "wav", 3, {"detail_bias": "fixed", "detail_bias_init": -1.0, "block_size": 4}),
    Case("wav-online-signs", "wav", 4, {"block_size": 7, "detail": "random_sign", "detail_scope": "online"}),
    Case("wav-online-duplicate", "wav", 4, {"block_size": 5, "detail": "duplicate", "detail_scope": "online"}),
    Case("haares-duplicate", "haares", 3, {"block_size": 4, "detail": "duplicate", "key_gain": False}),
    Case("haares-off", "haares", 3, {"block_size": 4, "rms_match": "off"}),
    Case("haares-tensor", "haares", 3, {"block_size": 5, "rms_match": "tensor"}),
)


def difference(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """The largest difference, as a part of the largest value."""
    if found.shape != wanted.shape:
        return float("inf")
    return float((found.double() - wanted.double()).abs().max() / wanted.double().abs().max().clamp_min(1e-30))


def dump_of(model_file, name: str, *more) -> tuple:
    file = scratch() / f"{name}.dump.safetensors"
    program()("eval", model_file, "--windows", cases.WINDOWS, "--dump", file, *more)
    return wavlab_checkpoint.read_tensors(file)


def of_program(case: Case) -> bool:
    """One of each method, and what has random signs, begins with a file of the program's, others with one of ours."""
    first = next(other for other in CASES if other.method == case.method)
    return case is first or case.options.get("detail") == "random_sign"


def prepare(case: Case) -> tuple:
    """A model, scrambled and saved by the module, and what the program makes of it."""
    checkpoint = wavlab_checkpoint.load(initial_model(case)) if of_program(case) else new_model(case)
    scramble(checkpoint.model)
    file = scratch() / f"{case.name}.scrambled.safetensors"
    checkpoint.save(file)
    return file, *dump_of(file, case.name, "--gradients")


def distance(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """The L2 norm of the difference, as a part of that of the tensor."""
    return float((found.double() - wanted.double()).norm() / wanted.double().norm())


class Agreement(unittest.TestCase):
    def compare_forward(self, model, dump, metadata, tolerance, difference=difference) -> torch.Tensor:
        """Logits, loss, and weights and names of every router."""
        tokens, targets = dump["tokens"], dump["targets"]
        logits = model(tokens)
        self.assertLess(difference(logits, dump["logits"]), tolerance, "logits")
        loss = cross_entropy(logits.flatten(0, 1), targets.flatten())
        self.assertLess(difference(loss.reshape(1), dump["loss"]), tolerance, "loss")
        routers = model.routing_weights(tokens)
        self.assertEqual(len(routers), sum(name.endswith(".weights") for name in dump))
        self.assertEqual(len(routers), 2 * model.settings.layers + 1 if model.settings.routed else 0)
        self.assertEqual([router.sources for router in routers], model.sources)
        for router in routers:
            name = f"routing.{router.router}"
            self.assertEqual(router.sources, json.loads(metadata[f"{name}.sources"]), name)
            self.assertLess(difference(router.weights, dump[f"{name}.weights"]), tolerance, name)
        return loss

    def test_every_method_and_option(self):
        self.assertEqual(len({case.name for case in CASES}), len(CASES), "two cases would share their files")
        with ThreadPoolExecutor(2) as pool:
            prepared = list(zip(CASES, pool.map(prepare, CASES)))
        self.assertEqual({case.method for case, _ in prepared}, set(wavlab_checkpoint.METHODS))
        for case, (file, dump, metadata) in prepared:
            with self.subTest(case.name):
                model = wavlab_checkpoint.load(file, dtype=torch.float64).model
                loss = self.compare_forward(model, dump, metadata, TOLERANCE)
                loss.backward()
                for name, value in model.named_parameters():
                    wanted = dump[f"gradient.{name}"]
                    found = torch.zeros_like(wanted) if value.grad is None else value.grad
                    if name == "routing.query":  # the first router has one source: nothing to learn, only rounding
                        found, wanted = found[1:], wanted[1:]
                    if name == "routing.detail_bias" and not wanted.any():
                        self.assertFalse(found.any(), name)
                    else:
                        self.assertLess(difference(found, wanted), GRADIENT_TOLERANCE, name)
                self.compare_forward(wavlab_checkpoint.load(file).model, dump, metadata, 2 * TOLERANCE)

    def test_trained_run(self):
        dump, metadata = dump_of(small_run(), "run")
        checkpoint = wavlab_checkpoint.load(small_run())
        self.assertEqual(checkpoint.step, cases.TRAINING_STEPS)
        self.compare_forward(checkpoint.model, dump, metadata, 2 * TOLERANCE)

    def test_half_precision(self):
        case = Case("bf16", "wav", 3, {"block_size": 3}, {"precision": "bf16"})
        file, dump, metadata = prepare(case)
        model = wavlab_checkpoint.load(file).model
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            self.compare_forward(model, dump, metadata, HALF_TOLERANCE, distance)
        with torch.no_grad():
            half = wavlab_checkpoint.load(file, dtype=torch.bfloat16).model
            self.compare_forward(half, dump, metadata, HALF_TOLERANCE, distance)


if __name__ == "__main__":
    unittest.main()
