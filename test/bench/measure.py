"""measure.py - probes, and the alternating blocks in which contenders run side by side.

Blocks of all contenders alternate, in an order that turns by one each round; gate.py says which count. Times are wall
time.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import ctypes
import time

import numpy as np

from gate import REPEAT_SECONDS, take_run
from peers import aligned

DOTS = ["bf16", "int8"]  # of which a CPU may have no instructions
KINDS = ["fma", *DOTS, "read", "copy"]  # numbered as in probe.c
PROBE_ITERATIONS, MEMORY_BYTES = 40_000, 64 << 20  # a millisecond; beyond the caches


def dot_instruction(path, kind):
    """What a probe of dot products runs on, or `none`: the system may keep the tiles to itself."""
    name = getattr(ctypes.CDLL(str(path)), f"probe_{kind}_name")
    name.restype = ctypes.c_char_p
    return name().decode()


class Probes:
    """What the cores reach right now, and the best that they did."""

    def __init__(self, path, threads, seen=None):
        self.library, self.threads = ctypes.CDLL(str(path)), threads
        self.library.probe.restype = ctypes.c_double
        self.kinds = [kind for kind in KINDS if kind not in DOTS or dot_instruction(path, kind) != "none"]
        self.source, self.target = aligned((MEMORY_BYTES // 4,)), aligned((MEMORY_BYTES // 4,))
        self.source[:] = 1
        self.seen = seen or {kind: [] for kind in KINDS}

    def measure(self, kind):
        amount = MEMORY_BYTES if kind in ("read", "copy") else PROBE_ITERATIONS
        to, source = (ctypes.c_void_p(a.ctypes.data) for a in (self.target, self.source))
        value = self.library.probe(KINDS.index(kind), self.threads, ctypes.c_int64(amount), to, source)
        if value <= 0:
            raise RuntimeError("the system gives no thread for a probe")
        self.seen[kind].append(value)
        return value

    def best(self, kind):
        return float(np.percentile(self.seen[kind], 90)) if self.seen[kind] else 0.0

    def judging(self, row):
        """The kind that says how well a row does."""
        return row.dtype if row.probe == "fma" and row.dtype in DOTS and row.dtype in self.kinds else row.probe

    def warm_up(self):
        """Enough to know the best of each kind, where no earlier row has found it."""
        for kind in self.kinds:
            end = time.perf_counter() + (0.02 if self.seen[kind] else 0.5)
            while time.perf_counter() < end:
                self.measure(kind)

    def evict(self):
        """Two buffers of 64 MiB through the caches: what was in them is gone."""
        self.measure("copy")


def calls_of_block(contender, seconds):
    """How many calls fill a block; also warms up what a library does in its first calls."""
    once = contender.time(1)
    if once > seconds:
        return 1
    once = min(contender.time(1) for _ in range(5))
    if once < 1e-4:
        once = contender.time(100) / 100
    return max(1, round(seconds / once))


def take_cold(contender, probes):
    probes.evict()
    return contender.time(1)


def worth_evicting(record):
    """Whether the caches can matter: of a call of a quarter of a second they cannot."""
    return record["runs"][-1]["seconds"] < 0.25


def measure(contenders, kind, probes, runs, block_seconds):
    """{name: {"runs": [...], "cold_seconds": [...], "calls": n}}, all of them, in the order of time."""
    taken = {c.name: {"calls": calls_of_block(c, block_seconds), "runs": [], "cold_seconds": []} for c in contenders}
    repeat_seconds = REPEAT_SECONDS
    for turn in range(runs):
        for i in range(len(contenders)):
            contender = contenders[(turn + i) % len(contenders)]
            record = taken[contender.name]
            run, repeated = take_run(contender, record["calls"], kind, probes, repeat_seconds)
            repeat_seconds -= repeated
            record["runs"].append(run)
            if worth_evicting(record):
                record["cold_seconds"].append(take_cold(contender, probes))
    return taken
