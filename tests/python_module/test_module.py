# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as its users meet it: alone, by its README, on the command line, with hooks, in training."""

import ast
import contextlib
import copy
import io
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import tomllib
import unittest
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy

import wavlab_checkpoint
from program import MODULE, REPOSITORY, initial_model, program, scramble, scratch, small_run
from wavlab_checkpoint import Decoder, ModelSettings
from wavlab_checkpoint.__main__ import main
from wavlab_checkpoint.settings import parse_plain_toml
from wavlab_reference.cases import Case

TOKENS = torch.arange(24).reshape(2, 12) % 7


def python_examples() -> list:
    return re.findall(r"```python\n(.*?)```", (MODULE.parent / "README.md").read_text(encoding="utf-8"), re.DOTALL)


class Alone(unittest.TestCase):
    def test_nothing_of_the_repository_is_needed(self):
        """A copy of the folder elsewhere, torch, and no tomllib, as with Python 3.9."""
        place = scratch() / "elsewhere"
        shutil.copytree(MODULE, place / MODULE.name)
        code = (
            "import sys; sys.modules['tomllib'] = None\n"
            "import torch, wavlab_checkpoint\n"
            f"checkpoint = wavlab_checkpoint.load({str(small_run())!r})\n"
            "logits = checkpoint.model(torch.zeros(1, 3, dtype=torch.long))\n"
            "print(tuple(logits.shape[:2]), 'safetensors' in sys.modules)\n"
            "print(*(module.__file__ for module in list(sys.modules.values()) if getattr(module, '__file__', None)))\n"
        )
        packages = Path(torch.__file__).parents[1]
        environment = {"PYTHONPATH": f"{place}:{packages}", "PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd="/", capture_output=True, text=True, timeout=120
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        first, files = done.stdout.splitlines()
        self.assertEqual(first, "(1, 3) False")
        for file in map(Path, files.split()):
            if packages not in file.parents:
                self.assertNotIn(REPOSITORY, file.parents)

    def test_python_3_9_reads_it(self):
        for file in MODULE.glob("*.py"):
            ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 9))
            self.assertLess(max(map(len, file.read_text(encoding="utf-8").splitlines())), 121, file.name)

    def test_version_is_the_program_s(self):
        version = wavlab_checkpoint.load(small_run()).metadata["wavlab_version"]
        self.assertEqual(version.split("-")[0], wavlab_checkpoint.__version__)


class Documentation(unittest.TestCase):
    def test_the_readme_s_examples(self):
        first, second = python_examples()
        self.assertEqual(len(first.splitlines()), 10)
        # The small run's text has other letters.
        first = first.replace('"RUN"', repr(str(small_run()))).replace("the cat sat", "sol rio mar")
        names: dict = {}
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(first, names)
        self.assertEqual(len(output.getvalue().splitlines()), 1 + 7)
        self.assertTrue(all(value.grad is not None for value in names["model"].parameters()))
        exec(second, names)
        self.assertEqual(names["logits"].shape, (1, 11, len(names["tokenizer"])))

    def test_summary(self):
        with contextlib.redirect_stdout(io.StringIO()) as output:
            self.assertEqual(main([str(small_run()), "--step", "5"]), 0)
        text = output.getvalue()
        for part in ("step        5 of 10", "wav, 3 layers, width 16", "embedding, block1, phase1, split1", "right"):
            self.assertIn(part, text)
        with contextlib.redirect_stderr(io.StringIO()) as errors:
            self.assertEqual(main([str(scratch() / "nothing")]), 2)
        self.assertEqual(len(errors.getvalue().splitlines()), 1)


class Experiments(unittest.TestCase):
    def test_plain_toml_is_toml(self):
        texts = [wavlab_checkpoint.load(small_run()).metadata["experiment"]]
        texts += [file.read_text(encoding="utf-8") for file in (REPOSITORY / "resources/experiments").glob("*.toml")]
        texts.append('a = "q\\" \\\\ # \\u00e9\\n" # comment\n[t]\r\nb = -1e-5\nc = 1_000\nd = inf\n  e = true\n\n')
        for text in texts:
            self.assertEqual(parse_plain_toml(text), tomllib.loads(text))

    def test_what_plain_toml_refuses(self):
        for text in ("a = [1]", "a = 'x'", "a.b = 1", "a = 1\na = 2", "[a]\n[a]", "a = 1979-05-27", 'a = "\\q"', "a ="):
            with self.subTest(text), self.assertRaises(ValueError):
                parse_plain_toml(text)


class Hooks(unittest.TestCase):
    def setUp(self):
        self.checkpoint = wavlab_checkpoint.load(initial_model(Case("hooks", "wav", 3, {"block_size": 3})))
        self.model = self.checkpoint.model
        scramble(self.model)

    def test_weights_can_be_seen_and_changed(self):
        plain = self.model(TOKENS)
        self.assertTrue(torch.equal(plain, self.model(TOKENS, hook=lambda router, sources, weights: None)))
        same = self.model(TOKENS, hook=lambda router, sources, weights: weights.clone())
        self.assertTrue(torch.equal(plain, same))
        uniform = self.model(TOKENS, hook=lambda router, sources, weights: torch.full_like(weights, 1 / len(sources)))
        with torch.no_grad():
            self.model.routing.query.zero_()
            self.model.routing.detail_bias.zero_()
        self.assertTrue(torch.allclose(uniform, self.model(TOKENS), atol=1e-5))

    def test_without_a_source_as_the_program_does(self):
        """`wavlab probe` removes one source at one router: the change of the loss is the same."""
        file = scratch() / "probed.safetensors"
        self.checkpoint.save(file)
        dump = scratch() / "probed.dump.safetensors"
        program()("eval", file, "--windows", 2, "--dump", dump)
        tensors, _ = wavlab_checkpoint.read_tensors(dump)
        rows = [row for row in map(json.loads, program()("probe", file, "--windows", 2, "--json").splitlines())
                if "router" in row and row.get("mode") == "zero"]
        self.assertGreater(len(rows), 20)

        def loss(hook=None) -> float:
            logits = self.model(tensors["tokens"], hook)
            return cross_entropy(logits.flatten(0, 1), tensors["targets"].flatten()).item()

        with torch.no_grad():
            whole = loss()
            for row in rows[::3]:
                def removed(router, sources, weights):
                    if router != row["router"]:
                        return None
                    kept = torch.tensor([float(source != row["source"]) for source in sources])
                    return weights * kept

                self.assertAlmostEqual(loss(removed) - whole, float(row["delta_loss"]), delta=2e-5, msg=str(row))

    def test_forward_hooks_see_states_and_updates(self):
        seen = []
        for layer in self.model.layers:
            for sublayer in (layer.attn, layer.mlp):
                sublayer.register_forward_hook(lambda module, inputs, output: seen.append((inputs[0], output)))
        self.model(TOKENS)
        self.assertEqual(len(seen), 6)
        self.assertTrue(torch.equal(seen[0][0], self.model.embed(TOKENS)))  # the first router has one source

    def test_causality(self):
        changed = TOKENS.clone()
        changed[:, 8:] = 0
        with torch.no_grad():
            same = self.model(TOKENS)[:, :8] - self.model(changed)[:, :8]
        self.assertLess(same.abs().max().item(), 1e-5)

    def test_copies_and_pickles(self):
        wanted = self.model(TOKENS)
        for other in (copy.deepcopy(self.model), pickle.loads(pickle.dumps(self.model))):
            self.assertTrue(torch.equal(wanted, other(TOKENS)))


class Building(unittest.TestCase):
    def test_methods_and_options_are_the_program_s(self):
        found = [json.loads(line) for line in program()("methods", "--json").splitlines()]
        self.assertEqual({method["method"] for method in found}, set(wavlab_checkpoint.METHODS))
        defaults = ModelSettings(vocabulary=7)
        for method in found:
            for option in method["options"]:
                self.assertEqual(getattr(defaults, option["key"]), option["default"], option["key"])

    def test_new_models_train(self):
        """The initial distribution is the lab's, and a few steps bring the loss down, in every method."""
        for method in wavlab_checkpoint.METHODS:
            for detail in ("contrast", "random_sign") if method in ("wav", "haares") else ("contrast",):
                with self.subTest(f"{method} {detail}"):
                    torch.manual_seed(1)
                    settings = ModelSettings(
                        vocabulary=7, method=method, layers=3, width=16, heads=2, mlp_hidden=64, block_size=3,
                        detail=detail, dropout=0.01,
                    )
                    model = Decoder(settings).train()
                    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
                    losses = []
                    for _ in range(12):
                        loss = cross_entropy(model(TOKENS[:, :-1]).flatten(0, 1), TOKENS[:, 1:].flatten())
                        optimizer.zero_grad()
                        loss.backward()
                        optimizer.step()
                        losses.append(loss.item())
                    self.assertLess(losses[-1], 0.7 * losses[0])

    def test_initial_distribution(self):
        model = Decoder(ModelSettings(vocabulary=500, layers=8, width=64, detail="random_sign", block_size=5))
        state = model.state_dict()
        self.assertAlmostEqual(state["embed.weight"].std().item(), 0.02, delta=1e-3)
        self.assertAlmostEqual(state["layers.3.attn.qkv.weight"].std().item(), 0.02, delta=1e-3)
        self.assertAlmostEqual(state["layers.3.mlp.down.weight"].std().item(), 0.005, delta=3e-4)
        self.assertAlmostEqual(state["layers.3.attn.out.weight"].std().item(), 0.005, delta=3e-4)
        self.assertTrue((state["routing.key_gain"] == 1).all() and not state["routing.query"].any())
        self.assertTrue((state["routing.detail_bias"] == -2).all())
        for block in model.settings.blocks_of_sublayers:
            sums = state["routing.detail_sign"][:, block.start - 1 : block.stop - 1].sum(1)
            self.assertTrue((sums == len(block) % 2).all())

    def test_initial_scales(self):
        for layers, wanted in ((18, 0.1), (24, 1e-5), (25, 1e-6)):
            for method, rows in (("layerscale", 2 * layers), ("block_layerscale", 4)):
                model = Decoder(ModelSettings(vocabulary=7, method=method, layers=layers, width=8))
                self.assertTrue(torch.equal(model.state_dict()["layerscale.lambda"], torch.full((rows, 8), wanted)))
        model = Decoder(ModelSettings(vocabulary=7, method="layerscale", layers=1, width=8, init=0.0))
        self.assertFalse(model.state_dict()["layerscale.lambda"].any())

    def test_other_signs_make_other_sources(self):
        settings = ModelSettings(vocabulary=7, layers=2, width=8, heads=2, detail="random_sign", detail_scope="online",
                                 block_size=4)
        model = Decoder(settings)
        state = model.state_dict()
        signs = torch.tensor([[1.0, 1, -1, -1], [1, -1, 1, -1]]).tile(1, 1)
        names = []
        for value in (signs, signs.flip(0)):
            model.load_state_dict({**state, "routing.detail_sign": value})
            names.append(model.sources[2])
        self.assertEqual(names, [["embedding", "partial", "split-partial"], ["embedding", "partial", "phase-partial"]])

    def test_fixed_biases_do_not_train(self):
        for choice, trained in (("fixed", False), ("learned", True)):
            model = Decoder(ModelSettings(vocabulary=7, detail_bias=choice))
            self.assertEqual(model.routing.detail_bias.requires_grad, trained)
        case = Case("fixed", "wav", 2, {"detail_bias": "fixed"})
        self.assertFalse(wavlab_checkpoint.load(initial_model(case)).model.routing.detail_bias.requires_grad)


if __name__ == "__main__":
    unittest.main()
