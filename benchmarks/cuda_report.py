#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the CUDA kernels became: registers, spills and shared memory of each, and the instructions of some.

    benchmarks/cuda_report.py [--nvcc PROGRAM] [--cuobjdump PROGRAM] [--type bf16] [--architecture sm_90] [--steps 3]

Compiles model/kernels/cuda for sm_80 and sm_90 in fp32 and bf16 with the build's flags, and prints Markdown tables; a
kernel for rows of `steps` · 128 channels has them in its name. The instructions come from cuobjdump, where there is one
(nvdisasm beside it). Needs no GPU. Exits 1 where a kernel spills registers or uses local memory.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FLAGS = "-std=c++17 -O3 -DNDEBUG --expt-relaxed-constexpr --extended-lambda -I. -Xptxas -v -cubin".split()
TYPES = ("fp32", "bf16")
ARCHITECTURES = ("sm_80", "sm_90")
ROTATIONS = ("rotate_kernel", "rotate_back_kernel")
COUNTED = ("score_sources_kernel", "score_sources_backward_kernel", "merge_kernel", "merge_backward_kernel",
           "make_sources_kernel", "make_sources_backward_kernel", *ROTATIONS)  # fmt: skip
PAIRS = 4  # of channels that a lane turns at once; 1 where half a head is no multiple of 4
# wavlab::cuda::(anonymous)::NAME_kernel<Bf16 or float, Steps or Pairs>, as the object file has it
MANGLED = re.compile(r"([a-z][a-z_]*_kernel)I(?:f|NS_4Bf16E)(?:Li(\d+)E)?E")


class Kernel(NamedTuple):
    """Bytes but for registers; `number` is the steps of a row, the pairs of a rotation, 0 where there is neither."""

    name: str
    number: int
    registers: int
    stack: int
    spill_stores: int
    spill_loads: int
    shared: int

    def spills(self) -> bool:
        return self.stack + self.spill_stores + self.spill_loads > 0

    def channels(self) -> str:
        if self.name in ROTATIONS:
            return f"any, pairs: {self.number}"
        return str(self.number * 128) if self.number else "any"


class Build(NamedTuple):
    type: str
    architecture: str
    file: Path
    kernels: list[Kernel]


def find_nvcc() -> str:
    """The one that CMake would find (setup/cmake/LibTorch.cmake)."""
    local = ROOT / ".deps/python/nvidia/cu13/bin"
    folders = [os.environ.get("PATH", ""), "/usr/local/cuda/bin"]
    found = shutil.which("nvcc", path=str(local)) or shutil.which("nvcc", path=os.pathsep.join(folders))
    if not found:
        sys.exit("there is no nvcc on PATH, in /usr/local/cuda/bin or in .deps/python/nvidia/cu13/bin; give --nvcc")
    return found


def identity(mangled: str) -> tuple[str, int]:
    """Name and number."""
    found = MANGLED.search(mangled)
    if not found:
        sys.exit(f"cannot read the kernel's name {mangled}")
    return found[1], int(found[2] or 0)


def read_kernels(report: str) -> list[Kernel]:
    """From what ptxas -v says."""
    kernels = []
    for part in report.split("Compiling entry function ")[1:]:
        name, number = identity(part.split("'")[1])
        stack, stores, loads = (
            int(re.search(rf"(\d+) bytes {what}", part)[1]) for what in ("stack frame", "spill stores", "spill loads")
        )
        shared = re.search(r"(\d+) bytes smem", part)
        registers = int(re.search(r"Used (\d+) registers", part)[1])
        kernels.append(Kernel(name, number, registers, stack, stores, loads, int(shared[1]) if shared else 0))
    return sorted(kernels)


def compile_one(nvcc: str, folder: Path, type: str, architecture: str) -> Build:
    file = folder / f"{type}.{architecture}.cubin"
    source = f"model/kernels/cuda/cuda_kernels_{type}.cu"
    result = subprocess.run([nvcc, *FLAGS, f"-arch={architecture}", "-o", file, source],
                            cwd=ROOT, capture_output=True, text=True)  # fmt: skip
    if result.returncode != 0:
        sys.exit(f"{nvcc} failed on {source}:\n{result.stderr}")
    return Build(type, architecture, file, read_kernels(result.stderr))


def count_instructions(sass: str) -> dict[tuple[str, int], Counter]:
    """Of every kernel: how often each instruction with its modifiers stands in the code."""
    counts = {}
    for part in sass.split("Function : ")[1:]:
        mangled, code = part.split("\n", 1)
        found = re.findall(r"^\s*/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][\w.]*)", code, re.MULTILINE)
        counts[identity(mangled)] = Counter(found)
    return counts


def disassemble(cuobjdump: str, file: Path) -> dict[tuple[str, int], Counter]:
    beside = str(Path(cuobjdump).resolve().parent)  # nvdisasm, which it starts
    environment = dict(os.environ, PATH=os.pathsep.join([beside, os.environ.get("PATH", "")]))
    result = subprocess.run([cuobjdump, "-sass", file], env=environment, capture_output=True, text=True)
    counts = count_instructions(result.stdout)
    if not counts:
        sys.exit(f"{cuobjdump} cannot read what nvcc made: {result.stderr.strip()}")
    return counts


def by_width(counts: Counter, operation: str) -> str:
    """How many accesses of how many bits: `12 × 64, 3 × 32`."""
    widths = Counter()
    for name, count in counts.items():
        parts = name.split(".")
        if parts[0] != operation:
            continue
        narrow = [int(part[1:]) for part in parts if re.fullmatch(r"[US](8|16)", part)]
        wide = [int(part) for part in parts if part in ("64", "128")]
        widths[(narrow + wide + [32])[0]] += count
    return ", ".join(f"{widths[width]} × {width}" for width in sorted(widths, reverse=True)) or "none"


def total(counts: Counter, *operations: str) -> int:
    return sum(count for name, count in counts.items() if name.split(".")[0] in operations)


def print_table(head: list[str], rows: list[list]) -> None:
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print()


def print_registers(builds: list[Build]) -> None:
    head = ["kernel", "channels", "type", "GPU", "registers", "stack", "spill stores", "spill loads", "static shared"]
    every = [(kernel, build.type, build.architecture) for build in builds for kernel in build.kernels]
    rows = [
        [f"`{kernel.name}`", kernel.channels(), type, architecture, *kernel[2:]]
        for kernel, type, architecture in sorted(every, key=lambda one: (one[0][:2], one[1:]))
    ]
    print_table(head, rows)


def print_instructions(build: Build, counts: dict[tuple[str, int], Counter], steps: int) -> None:
    print(f"Instructions in the code, {build.type} on {build.architecture}, {steps * 128} channels; "
          "global and shared accesses as number × bits of a lane:\n")  # fmt: skip
    head = ["kernel", "all", "global loads", "global stores", "shared loads", "shared stores", "local",
            "shuffles", "FFMA, FMUL, FADD", "MUFU"]  # fmt: skip
    rows = []
    for name in COUNTED:
        own = counts.get((name, PAIRS if name in ROTATIONS else steps)) or counts.get((name, 0))
        if own is None:
            sys.exit(f"there is no {name} for {steps} steps")
        rows.append([f"`{name}`", sum(own.values()), *(by_width(own, o) for o in ("LDG", "STG", "LDS", "STS")),
                     total(own, "LDL", "STL"), total(own, "SHFL"), total(own, "FFMA", "FMUL", "FADD"),
                     total(own, "MUFU")])  # fmt: skip
    print_table(head, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nvcc")
    parser.add_argument("--cuobjdump", default=shutil.which("cuobjdump"))
    parser.add_argument("--type", choices=TYPES, help="only this type")
    parser.add_argument("--architecture", choices=ARCHITECTURES, help="only this GPU")
    parser.add_argument("--steps", type=int, default=3, help="whose instructions to count: width / 128")
    arguments = parser.parse_args()
    nvcc = arguments.nvcc or find_nvcc()
    version = subprocess.run([nvcc, "--version"], check=True, capture_output=True, text=True).stdout
    print("nvcc", re.search(r"V([\d.]+)", version)[1] + "\n")
    wanted = [
        (type, architecture)
        for type in TYPES if arguments.type in (None, type)
        for architecture in ARCHITECTURES if arguments.architecture in (None, architecture)
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(os.cpu_count()) as pool:
        builds = list(pool.map(lambda one: compile_one(nvcc, Path(name), *one), wanted))
        print_registers(builds)
        failures = [kernel for build in builds for kernel in build.kernels if kernel.spills()]
        most = max(kernel.registers for build in builds for kernel in build.kernels)
        number = sum(len(build.kernels) for build in builds)
        print(f"{number} kernels, at most {most} registers, {len(failures)} that spill.\n")
        if arguments.cuobjdump:
            for build in builds:
                counts = disassemble(arguments.cuobjdump, build.file)
                print_instructions(build, counts, arguments.steps)
                failures += [own for own in counts.values() if total(own, "LDL", "STL")]
        else:
            print("There is no cuobjdump: the instructions are not counted.")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
