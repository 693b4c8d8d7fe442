"""operations.py - `./dev bench ops`: a row an operation against the probes, without other libraries; --publish writes
the table into results/.

An operation passes with a tenth of the FMA probe or half of the probe of copying; what is short is printed so and
asserts nothing. Operations are what the problem needs, as `batten inspect` counts them: topk of k elements out of n is
its fewest comparisons, some n log n of a whole sort, however many our network makes. A comparison with its exchange is
a minimum and a maximum of entries of 64 bits, for which the FMA probe has eight operations. Of functions, which are one
operation to `inspect`, those of their sequence in dialect/NUMERICS.md are counted.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import json
import math
import os
import re
import subprocess
import sys

import machine
import report
from measure import Probes
from peers.batten import BUILD, WORK, version
from readme import RESULTS
from row import PROGRAMS

SIZES = {"B": 4096, "N": 16}
FMA_SHARE, COPY_SHARE = 0.1, 0.5
RULE = f"pass: {FMA_SHARE:g} of the FMA probe, or {COPY_SHARE:g} of copying 64 MiB"
PROGRAM = PROGRAMS / "ops.btn"
# Additions, multiplications, minima, divisions and selects of a value's sequence in f32; a multiply-add is two. What
# moves bits is not counted. `rope` has half a sine, a cosine and their reduction a value.
EXP, LOG = 25, 33
OF_A_COMPARISON = 8
OF_A_VALUE = {
    "gelu_": 50,
    "gelu_tanh": 48,
    "silu_": 31,
    "tanh_": 39,
    "sigmoid_": 28,
    "exp_": EXP,
    "log_": LOG,
    "sin_": 28,
    "cos_": 28,
    "softplus_": 40,
    "pow_": 89,
    "softmax_": EXP + 4,
    "log_softmax_": EXP + 4,
    "softmax_outer": EXP + 4,
    "softmax_of_10": EXP + 4,
    "log_softmax_of_10": EXP + 4,
    "log_softmax_outer": EXP + 4,
    "cross_entropy_": EXP + 3,
    "cross_entropy_of_10": EXP + 3,
    "bce_": 43,
    "rope_": 20,
    "rope_neighbours": 20,
}


def parse(arguments):
    parser = argparse.ArgumentParser(prog="./dev bench ops", description="an operation a row, against the probes")
    parser.add_argument("--ops", default="", metavar="REGEX", help="entries of programs/ops.btn that it is found in")
    parser.add_argument("--threads", type=int, default=1, help="threads of a call (1)")
    parser.add_argument("--seconds", type=int, default=1, help="for each operation at most (1)")
    parser.add_argument("--list", action="store_true", help="only name the operations")
    parser.add_argument("--publish", action="store_true", help="a table of all into test/bench/results/, if none fails")
    options = parser.parse_args(arguments)
    if options.publish and options.ops:
        parser.error("--publish is for the whole table: not with --ops")
    return options


def entries(pattern):
    """[(name, its runtime dims)], as the program declares them."""
    found = re.findall(r"^pub fn (\w+)(.*)$", PROGRAM.read_text(), re.M)
    used = lambda line: [dim for dim in SIZES if re.search(rf"\[[^|]*\b{dim}\b[^|]*\|", line)]
    return [(name, used(line)) for name, line in found if re.search(pattern, name)]


def has_long_integers(name):
    """i64: a register has half as many of them as of the floats that the FMA probe counts (of f64 it counts f64).

    AVX2 cannot do even that: a product is three of 32 bits, two shifts and three additions, a minimum a comparison and
    a choice. A quarter of the half is what is left then; a tenth, which is asked for, is within that.
    """
    return re.search(rf"^pub fn {name}\(.*\bi64\[", PROGRAM.read_text(), re.M) is not None


def values_of(name):
    """How many values the first argument has."""
    text = PROGRAM.read_text()
    static = {dim: int(size) for dim, size in re.findall(r"(\w+) = (\d+)", re.search(r"^dim .*$", text, re.M)[0])}
    dims = re.search(rf"^pub fn {name}\(\w+: \w+\[([^]]*)\]", text, re.M)[1]
    sizes = SIZES | static
    return math.prod(sizes[dim] if dim in sizes else int(dim) for dim in re.findall(r"\w+", dims))


def measure(name, dims, options):
    command = [BUILD / "bin/batten", "bench", "--quiet", "--json", PROGRAM, name]
    command += [f"--dim={dim}={SIZES[dim]}" for dim in dims]
    command += [f"--seconds={options.seconds}", f"--threads={options.threads}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[0])
    return json.loads(done.stdout)["rows"][0]


def verdict(name, row, copy):
    """(of the FMA probe, of the copy probe, pass or short)."""
    operations = OF_A_VALUE[name] * values_of(name) if name in OF_A_VALUE else max(row["flops"], 0)
    if name.startswith("topk"):
        operations *= OF_A_COMPARISON
    peak = row["peak_flops_per_second"] / (2 if has_long_integers(name) else 1)
    arithmetic = operations / row["seconds"] / peak
    memory = max(row["bytes"], 0) / row["seconds"] / copy
    return arithmetic, memory, "pass" if arithmetic >= FMA_SHARE or memory >= COPY_SHARE else "short"


def publish(about, threads, measured):
    about |= {"threads": threads, "load_at_end": os.getloadavg()[0], "version": version()}
    out = RESULTS / f"{machine.slug(about)}-ops.md"
    out.write_text(report.operations_page(about, RULE, measured))
    print(f"written: {out}")


def main(arguments):
    options = parse(arguments)
    chosen = entries(options.ops) or sys.exit(f"bench ops: no operation matches `{options.ops}`; --list shows them")
    if options.list:
        return print("\n".join(name for name, _ in chosen))
    machine.use_cpus(options.threads)
    about = machine.describe()
    probes = Probes(WORK / "libprobe.so", options.threads)
    probes.warm_up()
    print(f"{machine.cpu_name()}; {RULE}")
    measured, failed = [], 0
    for name, dims in chosen:
        before = probes.measure("copy")
        try:
            row = measure(name, dims, options)
        except RuntimeError as failure:
            print(f"{name:19s} failed: {failure}", flush=True)
            failed += 1
            continue
        arithmetic, memory, word = verdict(name, row, max(before, probes.measure("copy")))
        measured.append((name, row, arithmetic, memory, word))
        shares = f"{100 * arithmetic:6.1f} % of FMA  {100 * memory:6.1f} % of copy"
        print(f"{name:19s} {row['dims']:12s} {report.duration(row['seconds']):>9s}  {shares}  {word}", flush=True)
    short = sum(word == "short" for *_, word in measured)
    print(f"{short} of {len(chosen)} are short" + (f", {failed} failed" if failed else ""))
    if options.publish and not failed:
        publish(about, options.threads, measured)
    sys.exit(1 if failed else 0)
