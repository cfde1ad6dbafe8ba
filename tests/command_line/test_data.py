# SPDX-License-Identifier: GPL-3.0-or-later
"""`wavlab data`: getting a dataset from a server of the test's own, adding one's own files, checking, removing."""
import fcntl
import functools
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time
import unittest

from program import PROGRAM, ProgramTest, json_lines, run

MANIFEST = """id = "{name}"
title = "A small corpus"
licence = "CC0-1.0"
licence_address = "https://creativecommons.org/publicdomain/zero/1.0/"
[[files]]
address = "{address}"
name = "corpus.txt"
size = {size}
sha256 = "{sha256}"
[splits]
fractions = [0.9, 0.1]
"""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


class DataTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.environment = {"WAVLAB_DATA": str(self.folder / "data"), "WAVLAB_MANIFESTS": str(self.folder / "manifests"),
                            "no_proxy": "127.0.0.1"}
        (self.folder / "manifests").mkdir()
        (self.folder / "served").mkdir()
        self.text = "".join(f"Line {number} of a small corpus.\n" for number in range(5000))
        self.file = self.folder / "served" / "corpus.txt"
        self.file.write_text(self.text)

    def serve(self):
        handler = functools.partial(QuietHandler, directory=self.folder / "served")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}/corpus.txt"

    def add_manifest(self, address, name="small"):
        data = self.file.read_bytes()
        (self.folder / "manifests" / f"{name}.toml").write_text(MANIFEST.format(
            name=name, address=address, size=len(data), sha256=hashlib.sha256(data).hexdigest()))

    def data(self, *arguments):
        return run("data", *arguments, environment=self.environment, stdin=subprocess.DEVNULL)

    def entry(self, name):
        lines = json_lines(self.data("list", "--json").stdout)
        return next((line for line in lines if line["dataset"] == name), None)


class Getting(DataTest):
    def test_the_licence_is_shown_and_has_to_be_accepted_once(self):
        self.add_manifest(self.serve())
        result = self.data("get", "small")
        self.assertEqual(result.returncode, 2)
        for part in ("A small corpus", "CC0-1.0 (https://creativecommons.org", "144 kB", "--accept-licence"):
            self.assertIn(part, result.stderr)
        self.assertEqual(self.entry("small")["state"], "available")
        self.assertEqual(self.data("get", "small", "--accept-licence").returncode, 0)
        self.assertEqual(self.entry("small")["state"], "installed")
        self.assertEqual(self.data("remove", "small").returncode, 0)
        self.assertEqual(self.data("get", "small").returncode, 0)

    def test_what_was_got_is_checked_trained_on_and_removed(self):
        self.add_manifest(self.serve())
        lines = json_lines(self.data("get", "small", "--accept-licence", "--json").stdout)
        self.assertEqual({line["event"] for line in lines}, {"progress", "finished"})
        files = {file["part"]: file for file in lines[-1]["files"]}
        train, validation = (pathlib.Path(files[part]["path"]).read_text() for part in ("train", "validation"))
        self.assertEqual(train + validation, self.text)
        statistics = json_lines(self.data("check", "small", "--json").stdout)[-1]
        self.assertEqual(statistics["train_tokens"], len(train))
        trained = run("train", self.experiment(dataset="small"), "--run", self.folder / "run", environment=self.environment)
        self.assertEqual(trained.returncode, 0, trained.stderr)

        with open(files["train"]["path"], "r+") as file:
            file.write("Lime")
        result = self.data("check", "small")
        self.assertEqual(result.returncode, 1)
        self.assertIn("train.txt: its SHA-256 is not the one noted", result.stderr)
        self.assertEqual(self.data("remove", "small").returncode, 0)
        self.assert_one_clear_error(self.data("remove", "small"), 2, "small")

    def test_a_damaged_one_is_named_and_got_again(self):
        self.add_manifest(self.serve())
        self.data("get", "small", "--accept-licence")
        (self.folder / "data" / "small" / "train.txt").write_text("short")
        self.assertEqual(self.entry("small")["state"], "damaged")
        self.assertIn("train.txt has 5 bytes instead of", self.entry("small")["problem"])
        trained = run("train", self.experiment(dataset="small"), "--run", self.folder / "run", environment=self.environment)
        self.assert_one_clear_error(trained, 2, "small", "train.txt")
        self.assertEqual(self.data("get", "small").returncode, 0)
        self.assertEqual(self.entry("small")["state"], "installed")

    def test_without_a_connection_it_says_what_to_do(self):
        self.add_manifest("http://127.0.0.1:1/corpus.txt")
        result = self.data("get", "small", "--accept-licence")
        self.assertEqual(result.returncode, 1)
        error = result.stderr.splitlines()[-1]
        for part in ("127.0.0.1:1 cannot be reached", "put corpus.txt (SHA-256", "`wavlab data add small FILE`"):
            self.assertIn(part, error)
        self.assertEqual(self.data("add", "small", self.file).returncode, 0)
        self.assertEqual(self.entry("small")["state"], "installed")

    def test_a_broken_manifest_hides_no_other(self):
        self.add_manifest("http://127.0.0.1:1/corpus.txt")
        self.add_manifest("http://127.0.0.1:1/corpus.txt", name="text8")
        (self.folder / "manifests" / "broken.toml").write_text("id = 3\n")
        result = self.data("list")
        self.assertEqual(result.returncode, 0)
        self.assertIn("broken.toml, line 1: id = 3", result.stderr)
        self.assertIn("small  (A small corpus", result.stdout)
        self.assertTrue(self.entry("text8")["replaces_shipped"])
        self.assertFalse(self.entry("enwik8")["replaces_shipped"])

    def test_a_signal_stops_it_and_keeps_what_is_there(self):
        started = threading.Event()
        text = self.text.encode()

        class Slow(QuietHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text[:1000])
                self.wfile.flush()
                started.set()
                self.connection.recv(1)

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.add_manifest(f"http://127.0.0.1:{server.server_port}/corpus.txt")
        process = subprocess.Popen([PROGRAM, "data", "get", "small", "--accept-licence"], env={**os.environ, **self.environment},
                                   stderr=subprocess.PIPE, text=True)
        part = self.folder / "data" / ".partial" / "small" / "corpus.txt.part"
        self.assertTrue(started.wait(30))
        while not part.exists() or part.stat().st_size < 1000:
            self.assertIsNone(process.poll())
        self.assertTrue(self.entry("small")["busy"])
        self.assert_one_clear_error(self.data("get", "small"), 2, "another process", "small")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130, errors)
        self.assertIn("goes on with it", errors)
        self.assertEqual(self.entry("small")["state"], "partial")
        self.assertEqual(self.entry("small")["bytes_here"], 1000)


class Adding(DataTest):
    def test_a_file_of_ones_own(self):
        result = self.data("add", "own", self.file, "--json")
        self.assertEqual(json_lines(result.stdout)[-1]["event"], "finished")
        self.assertEqual(self.entry("own")["source"], "own files")
        self.assert_one_clear_error(self.data("add", "own", self.file), 2, "own")
        self.assert_one_clear_error(self.data("add", "else", self.folder / "none.txt"), 2, "none.txt")
        self.assert_one_clear_error(self.data("add", "Else", self.file), 2, "Else")

    def test_lines_of_json(self):
        lines = self.folder / "stories.jsonl"
        lines.write_text("".join(f'{{"story": "Story {number}."}}\n' for number in range(20)))
        self.assert_one_clear_error(self.data("add", "own", lines), 2, "--field")
        result = self.data("add", "own", lines, "--field", "story", "--separator", "\\n--\\n")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual((self.folder / "data" / "own" / "validation.txt").read_text(), "Story 18.\n--\nStory 19.")
        lines.write_text('{"story": "half a character: \\ud800"}\n')
        self.assert_one_clear_error(self.data("add", "other", lines, "--field", "story", "--json"), 2, "line 1",
                                    "valid JSON")


def gpt2_files(folder):
    """A vocabulary of the 256 bytes and one merge."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    names = [chr(byte) for byte in plain] + [chr(256 + number) for number in range(256 - len(plain))]
    vocabulary, merges = folder / "encoder.json", folder / "vocab.bpe"
    vocabulary.write_text(json.dumps({name: number for number, name in enumerate([*names, "in"])}))
    merges.write_text("#version: 0.2\ni n\n")
    return vocabulary, merges


class LargeTexts(DataTest):
    def setUp(self):
        super().setUp()
        self.environment["WAVLAB_CACHE"] = str(self.folder / "cache")

    def test_a_signal_ends_the_wait_for_another_process(self):
        large = self.folder / "large.txt"
        large.write_text(self.text * 250)
        self.assertEqual(self.data("check", f"file:{large}").returncode, 0)
        (entry,) = (path for path in (self.folder / "cache" / "tokens").iterdir() if path.is_dir())
        shutil.rmtree(entry)
        with open(f"{entry}.lock", "w") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)
            process = subprocess.Popen([PROGRAM, "data", "check", f"file:{large}"],
                                       env={**os.environ, **self.environment}, stderr=subprocess.PIPE, text=True)
            self.addCleanup(process.kill)
            end = time.monotonic() + 30
            caught = 0
            while not caught & 1 << signal.SIGINT - 1:
                self.assertLess(time.monotonic(), end, "the signal is not caught")
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
                caught = int(status.split("SigCgt:")[1].split()[0], 16)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
            self.assertEqual(process.returncode, 130)
        self.assertFalse(entry.exists())

    def test_a_checkpoint_is_evaluated_without_the_files_of_its_tokenizer(self):
        vocabulary, merges = gpt2_files(self.folder)
        experiment = self.experiment(dataset=f"file:{self.file}")
        trained = run("train", experiment, "--run", self.folder / "run", "--set", "data.tokenizer=gpt2-bpe",
                      "--set", f"data.vocabulary_file={vocabulary}", "--set", f"data.merges_file={merges}",
                      environment=self.environment)
        self.assertEqual(trained.returncode, 0, trained.stderr)
        evaluate = functools.partial(run, "eval", self.folder / "run", "--json", environment=self.environment)
        before = evaluate()
        self.assertEqual(before.returncode, 0, before.stderr)
        vocabulary.unlink()
        after = evaluate()
        self.assertEqual(after.returncode, 0, after.stderr)
        self.assertEqual(after.stdout, before.stdout)
        resumed = run("resume", self.folder / "run", "--steps", "10", environment=self.environment)
        self.assert_one_clear_error(resumed, 2, "data.vocabulary_file", str(vocabulary), "does not exist")


if __name__ == "__main__":
    unittest.main()
