# SPDX-License-Identifier: GPL-3.0-or-later
"""A run and what surrounds it: signals, a second process, closed and full outputs, more steps, what the log says."""
import hashlib
import os
import re
import signal
import subprocess
import time
import unittest

from program import PROGRAM, ProgramTest, json_lines, run


class Running(ProgramTest):
    def start(self, *settings):
        """Starts a long run; returns its folder and its process, which has saved a checkpoint."""
        target = self.folder / "run"
        self.output = self.folder / "output"
        with open(self.output, "w", encoding="utf-8") as output:
            process = subprocess.Popen([PROGRAM, "train", self.experiment(steps=100_000), *settings, "--run", target,
                                        "--json"], stdout=output, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        while '"checkpoint"' not in self.output.read_text():
            self.assertIsNone(process.poll())
            time.sleep(0.02)
        return target, process

    def last_event(self):
        return json_lines(self.output.read_text())[-1]

    def test_another_process_is_refused_but_may_look(self):
        """Each step saves a checkpoint and removes an older one, so that what is looked at goes away."""
        target, process = self.start("--set=train.checkpoint_every=1", "--set=train.eval_every=0")
        self.assert_one_clear_error(run("resume", target), 2, "another process")
        self.assert_one_clear_error(run("train", self.experiment(), "--run", target), 2, "not empty")
        evaluated = run("eval", target, "--json")
        self.assertEqual(evaluated.returncode, 0, evaluated.stderr)
        exported = run("export", target, "--checkpoint", self.folder / "model.safetensors")
        self.assertEqual(exported.returncode, 0, exported.stderr)
        listed = json_lines(run("runs", "--runs", self.folder, "--json").stdout)
        self.assertEqual([one["state"] for one in listed], ["running"])
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(), 130)
        self.assertEqual(self.last_event()["state"], "interrupted")

    def test_a_stop_sent_twice_saves_the_state(self):
        """As `timeout` does: to the process, then to its group."""
        target, process = self.start("--set=train.checkpoint_every=4")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(), 130)
        self.assertTrue((target / "checkpoints" / f"step-{self.last_event()['step']:08}").is_dir())

    def test_stopped_before_it_began(self):
        process = subprocess.Popen([PROGRAM, "train", self.experiment(), "--set", "data.size=20000000", "--run",
                                    self.folder / "run"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        caught = 1 << (signal.SIGTERM - 1)
        while process.poll() is None:  # until the program listens
            with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
                if int(re.search(r"SigCgt:\s*(\w+)", status.read())[1], 16) & caught:
                    break
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(), 130)
        self.assertFalse((self.folder / "run").exists())

    def test_more_steps(self):
        target, _ = self.train(self.experiment(steps=4))
        result = run("resume", target, "--steps", "6", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("from 4 to 6", result.stderr)
        self.assertIn("from 4 to 6", (target / "log.txt").read_text())
        events = json_lines(result.stdout)
        self.assertEqual((events[0]["step"], events[-1]["event"], events[-1]["step"]), (4, "finished", 6))
        self.assert_one_clear_error(run("resume", target, "--steps", "3"), 2, "step 3", "6")
        self.assert_one_clear_error(run("resume", target, "--steps", "0"), 2, "--steps", "1 to 1000000000")

    def test_ignored_options_are_named_once(self):
        for form in ([], ["--json"]):
            target = self.folder / f"run{len(form)}"
            result = run("train", self.experiment(steps=1), "--set", "model.method=standard", "--run", target, *form)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual((result.stdout + result.stderr).count("method.blocks = 2 is ignored"), 1)
            self.assertIn("method.blocks = 2 is ignored", (target / "log.txt").read_text())

    def test_without_checkpoints_it_starts_over(self):
        target, whole = self.train(self.experiment(steps=5))
        for file in target.glob("checkpoints/*/*"):
            file.unlink()
        events = json_lines(run("resume", target, "--json").stdout)
        self.assertEqual(events[0]["step"], 0)
        timed = ("train/tokens_per_second", "train/memory_bytes")
        values = [[(event["step"], event["name"], event["value"]) for event in run_events
                   if event["event"] == "scalar" and event["name"] not in timed] for run_events in (whole, events)]
        self.assertEqual(values[0], values[1])

    def test_runs_that_start_at_once_get_names_of_their_own(self):
        command = [PROGRAM, "train", self.experiment(steps=1), "--runs", self.folder / "runs", "--json"]
        processes = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                     for _ in range(4)]
        folders = []
        for process in processes:
            output, errors = process.communicate()
            self.assertEqual(process.returncode, 0, errors)
            folders.append(os.path.basename(json_lines(output)[0]["run"]))
        self.assertEqual(sorted(folders), ["tiny", "tiny-2", "tiny-3", "tiny-4"])
        self.assertEqual(sorted(os.listdir(self.folder / "runs")), sorted(folders))

    def test_starts_from_a_checkpoint(self):
        origin, events = self.train(self.experiment(steps=8), run_name="origin")
        result = run("train", "--from", origin, "--step", "4", "--set", "train.steps=2", "--runs", self.folder, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        started = json_lines(result.stdout)
        self.assertTrue(started[0]["run"].endswith("/tiny"), started[0])
        loss = {event["step"]: event["value"] for event in started if event.get("name") == "val/loss"}[0]
        before = {event["step"]: event["value"] for event in events if event.get("name") == "val/loss"}[4]
        self.assertEqual(loss, before)
        listed = {one["name"]: one for one in json_lines(run("runs", "--runs", self.folder, "--json").stdout)}
        checksum = hashlib.sha256((origin / "checkpoints/step-00000004/model.safetensors").read_bytes()).hexdigest()
        self.assertEqual(listed["tiny"]["origin"], {"run": "origin", "step": 4, "sha256": checksum})
        self.assertIsNone(listed["origin"]["origin"])
        other = self.experiment(name="other.toml", method="standard")
        self.assert_one_clear_error(run("train", other, "--from", origin, "--run", self.folder / "no"), 2, "method")
        self.assert_one_clear_error(run("train", "--from", self.folder / "nothing"), 2, "nothing")
        self.assert_one_clear_error(run("train", other, "--step", "4", "--run", self.folder / "no"), 2, "--from")
        self.assertFalse((self.folder / "no").exists())

    def test_more_memory_than_there_is(self):
        result = run("train", self.experiment(), "--set=model.layers=1000", "--set=model.width=8192", "--run",
                     self.folder / "run")
        self.assert_one_clear_error(result, 2, "memory", "GB")
        self.assertFalse((self.folder / "run").exists())


class Outputs(ProgramTest):
    def test_closed_stdout_does_not_end_up_in_a_file(self):
        target = self.folder / "run"
        result = subprocess.run([PROGRAM, "train", self.experiment(steps=1), "--run", target], stderr=subprocess.PIPE,
                                preexec_fn=lambda: os.close(1), check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        for file in target.iterdir():
            if file.is_file():
                self.assertNotIn(b"finished at step", file.read_bytes(), file)

    @unittest.skipUnless(os.path.exists("/dev/full"), "needs /dev/full")
    def test_full_stdout_is_an_error(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            for arguments in (["methods", "--json"],
                              ["train", self.experiment(steps=1), "--run", self.folder / "run", "--json"]):
                result = subprocess.run([PROGRAM, *arguments], text=True, stdout=full, stderr=subprocess.PIPE)
                self.assertEqual(result.returncode, 2)
                self.assertIn("stdout cannot be written", result.stderr)
        listed = json_lines(run("runs", "--runs", self.folder, "--json").stdout)
        self.assertEqual(listed[0]["state"], "finished")

    def test_names_that_are_not_utf8_do_not_break_json(self):
        target = os.fsencode(self.folder) + b"/na\xffme"
        result = run("train", self.experiment(steps=1), "--run", os.fsdecode(target), "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json_lines(result.stdout)[-1]["event"], "finished")
        listed = run("runs", "--runs", self.folder, "--json")
        self.assertEqual([one["name"] for one in json_lines(listed.stdout)], ["na\N{REPLACEMENT CHARACTER}me"])

    def test_reader_that_goes_away_is_no_error(self):
        process = subprocess.Popen([PROGRAM, "methods"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stdout.close()
        _, errors = process.communicate()
        self.assertEqual((process.returncode, errors), (0, ""))


if __name__ == "__main__":
    unittest.main()
