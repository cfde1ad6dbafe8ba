# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes and times training steps of one model in PyTorch; `wavlab bench --peers` talks to it.

    python3 -m wavlab_reference.bench --model FILE --batches FILE --mode eager|compile --device D --dtype T --threads N
        [--tied]

FILEs are safetensors: a checkpoint at step 0, and `tokens.N`, `targets.N` of the first steps. Every answer is one JSON
object on a line of stdout: first {"torch": version}, once the model is there, then one to each line of stdin:

    check       makes a step: {"loss": ..., "gradient_norm": ...}, of before the update
    time N      makes N steps: {"seconds": ...}
    memory      makes a step: {"bytes": ...}, the most it had beyond what there was without the model
    relax       gives memory that nothing uses back to the device: {}

An empty line or the end of stdin ends it. With --tied it is killed as soon as nothing holds the other end of stdin,
whatever it is at, with its whole process group: compilers and all. What goes wrong is {"error": "one sentence"} and
ends it too; there is also "missing": true where Python lacks a library, "memory": true where the memory is not enough.
"""

import argparse
import ctypes
import gc
import json
import math
import os
import re
import select
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

DTYPES = {"fp32": "float32", "bf16": "bfloat16"}


def status_bytes(key: str) -> int:
    """A figure of /proc/self/status, which are in kB."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(rf"^{key}:\s*(\d+) kB$", text, re.MULTILINE)[1]) * 1024


def give_back_memory() -> None:
    """What is free goes back to the system, and the largest resident memory is counted anew where that is allowed."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        pass


def end_with_stdin() -> None:
    """Kills this process group as soon as stdin's other end is closed, also by the death of who held it."""

    def watch() -> None:
        stdin = select.poll()
        stdin.register(0, 0)  # no events: of a hang-up it always tells
        stdin.poll()
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


class MissingLibrary(Exception):
    """Python has not what the models need."""


def number(value: float) -> float | str:
    """As the program's own JSON has numbers that are not finite."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


class Training:
    """A model with its optimizer and batches; step n reads batch n, from the first again after the last."""

    def __init__(self, options: argparse.Namespace, settings, tensors: dict, train):
        import torch

        from .checkpoint import read_file
        from .peer import Peer
        from .train import ADAM_EPSILON, is_decayed

        self.torch = torch
        self.device = torch.device(options.device)
        self.limit = train.grad_clip
        dtype = getattr(torch, DTYPES[options.dtype])
        batches, _ = read_file(options.batches)
        count = sum(name.startswith("tokens.") for name in batches)
        self.batches = [
            tuple(batches[f"{kind}.{step}"].to(self.device) for kind in ("tokens", "targets"))
            for step in range(1, count + 1)
        ]
        self.done = 0
        cuda = self.device.type == "cuda"
        self.before = torch.cuda.memory_allocated(self.device) if cuda else 0
        model = Peer(settings, dtype)
        model.load_state_dict(tensors)
        self.model = model.to(self.device)
        trained = {name: value for name, value in model.named_parameters() if value.requires_grad}
        groups = [
            {
                "params": [value for name, value in trained.items() if is_decayed(name) == decayed],
                "weight_decay": train.weight_decay if decayed else 0.0,
            }
            for decayed in (True, False)
        ]
        self.parameters = list(trained.values())
        self.optimizer = torch.optim.AdamW(
            groups, lr=train.lr, betas=(train.beta1, train.beta2), eps=ADAM_EPSILON, fused=True
        )
        self.loss_of = torch.compile(model, dynamic=False) if options.mode == "compile" else model

    def step(self):
        """Makes a step: the loss and the gradient norm of before the update, not waited for."""
        tokens, targets = self.batches[self.done % len(self.batches)]
        self.done += 1
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss_of(tokens, targets)
        loss.backward()
        limit = self.limit if self.limit > 0 else float("inf")
        norm = self.torch.nn.utils.clip_grad_norm_(self.parameters, limit, foreach=True)
        self.optimizer.step()
        return loss.detach(), norm.detach()

    def wait(self) -> None:
        if self.device.type == "cuda":
            self.torch.cuda.synchronize(self.device)

    # ---- what can be asked ---------------------------------------------------------------------------

    def check(self) -> dict:
        loss, norm = self.step()
        return {"loss": number(loss.item()), "gradient_norm": number(norm.item())}

    def time(self, steps: int) -> dict:
        self.wait()
        start = time.perf_counter()
        for _ in range(steps):
            self.step()
        self.wait()
        return {"seconds": time.perf_counter() - start}

    def memory(self) -> dict:
        if self.device.type == "cuda":
            self.torch.cuda.reset_peak_memory_stats(self.device)
            self.step()
            self.wait()
            return {"bytes": self.torch.cuda.max_memory_allocated(self.device) - self.before}
        # What compiling left in memory is not the step's: what stays from step to step is counted by its tensors.
        give_back_memory()
        resting = status_bytes("VmRSS")
        self.step()
        return {"bytes": status_bytes("VmHWM") - resting + self.kept_bytes()}

    def kept_bytes(self) -> int:
        """Bytes of parameters, their gradients and moments."""
        tensors = [*self.model.parameters(), *(value.grad for value in self.parameters)]
        for state in self.optimizer.state.values():
            tensors += [value for value in state.values() if self.torch.is_tensor(value)]
        return sum(value.nbytes for value in tensors if value is not None)

    def relax(self) -> dict:
        if self.device.type == "cuda":
            self.torch.cuda.empty_cache()
        return {}

    def answer(self, command: str, *arguments: str) -> dict:
        if command == "time":
            return self.time(int(arguments[0]))
        known = {"check": self.check, "memory": self.memory, "relax": self.relax}
        if command not in known:
            raise ValueError(f"there is no command {command!r}")
        return known[command]()


def warm_up(options: argparse.Namespace, settings, train) -> None:
    """A step of one layer, so that what the library itself needs is not counted to the model."""
    from .model import initial_tensors

    small = replace(settings, layers=1)
    eager = argparse.Namespace(**{**vars(options), "mode": "eager"})
    Training(eager, small, initial_tensors(small, 1), train).check()


def serve(options: argparse.Namespace, say) -> None:
    try:
        import torch

        from .checkpoint import read_checkpoint
    except ImportError as error:
        raise MissingLibrary(
            f"the Python of the PyTorch models ({sys.executable}) cannot load {error.name or 'torch'}: {error}"
        ) from None
    from .experiment import train_settings

    torch.set_num_threads(options.threads)
    if options.device.startswith("cuda"):
        torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
    checkpoint = read_checkpoint(options.model)
    train = train_settings(checkpoint.metadata["experiment"])
    warm_up(options, checkpoint.settings, train)
    training = Training(options, checkpoint.settings, checkpoint.tensors, train)
    say({"torch": torch.__version__})
    for line in sys.stdin:
        if not line.strip():
            break
        say(training.answer(*line.split()))


def problem_of(error: Exception) -> dict:
    """What the program is told of an exception."""
    if isinstance(error, MissingLibrary):
        return {"error": " ".join(str(error).split()), "missing": True}
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    answer = {"error": f"{type(error).__name__}: {lines[0] if lines else 'no message'}"}
    if type(error).__name__ == "OutOfMemoryError" or "can't allocate memory" in str(error):
        answer["memory"] = True
    return answer


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="wavlab_reference.bench")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--batches", type=Path, required=True)
    parser.add_argument("--mode", choices=("eager", "compile"), default="eager")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", choices=sorted(DTYPES), default="fp32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tied", action="store_true")
    options = parser.parse_args(arguments)
    if options.tied:
        end_with_stdin()
    # Whatever else prints to stdout must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(answer: dict) -> None:
        print(json.dumps(answer), file=answers, flush=True)

    try:
        serve(options, say)
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # whatever it is, the program is told
        say(problem_of(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
