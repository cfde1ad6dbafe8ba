# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the real program for the tests of this folder."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

PROGRAM = os.environ.get("WAVLAB_PROGRAM", "build/release/bin/wavlab")
TINY = """schema = 1
name = "tiny"
seed = 7
[model]
method = "{method}"
layers = 2
width = 16
heads = 2
mlp_hidden = 32
context = 16
[method]
blocks = 2
[data]
dataset = "{dataset}"
[train]
steps = {steps}
batch = 2
eval_every = 4
eval_windows = 4
checkpoint_every = 4
record_every = 2
sample_every = 0
device = "cpu"
threads = 1
"""


def run(*arguments, environment=None, timeout=300, **options):
    """The finished process, with text output."""
    return subprocess.run([PROGRAM, *map(str, arguments)], text=True, errors="replace", capture_output=True,
                          timeout=timeout, env={**os.environ, **(environment or {})}, **options)


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


class ProgramTest(unittest.TestCase):
    """Has a folder of its own, and an experiment in it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wavlab-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def experiment(self, name="tiny.toml", method="wav", dataset="toy-stories", steps=8, extra=""):
        file = self.folder / name
        file.write_text(TINY.format(method=method, dataset=dataset, steps=steps) + extra)
        return file

    def train(self, *arguments, run_name="run", expect=0):
        """Trains in a folder of its own; returns the folder and the events."""
        target = self.folder / run_name
        result = run("train", *arguments, "--run", target, "--json")
        self.assertEqual(result.returncode, expect, result.stderr)
        return target, json_lines(result.stdout)

    def assert_one_clear_error(self, result, code, *parts):
        """One line on stderr that names each part; nothing else of an error."""
        self.assertEqual(result.returncode, code, result.stderr + result.stdout)
        lines = [line for line in result.stderr.splitlines() if line]
        self.assertEqual(len(lines), 1, result.stderr)
        for part in parts:
            self.assertIn(part, lines[0])
