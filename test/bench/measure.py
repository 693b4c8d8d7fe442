"""measure.py - probes, the gate, and the alternating blocks in which contenders run side by side.

A *run* of a contender is one block of calls between two probes. It is accepted when both probes reach 95 % of the best
(the 90th percentile of those so far: one lucky probe must not condemn the rest) and no other process took more than 5 %
of its CPUs. A run that is not is repeated, five times at most and while the row has time left for it; what then remains
is kept and reported as ungated. Blocks of all contenders alternate, in an order that turns by one each round. Times are
wall time.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import ctypes
import os
import resource
import statistics
import time
from pathlib import Path

import numpy as np

from peers import aligned

PROBE_FLOOR, FOREIGN_CEILING, ATTEMPTS = 0.95, 0.05, 5
REPEAT_SECONDS = 10  # of a row: what it may take in all before nothing is repeated any more
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


class Foreign:
    """The share of this process's CPUs that other processes took.

    Our threads waited for a CPU, and time is missing that none of ours used: either alone may be our own doing (threads
    of a library that crowd each other, threads that sleep), both together are not.
    """

    def __init__(self):
        self.cpus = len(os.sched_getaffinity(0))
        self.begin, self.waited, self.own = time.perf_counter(), *self.read()

    def read(self):
        waited = 0.0
        for task in Path("/proc/self/task").iterdir():
            try:
                waited += int((task / "schedstat").read_text().split()[1]) * 1e-9
            except (OSError, IndexError):
                pass  # the thread has ended, or the kernel keeps no such statistics
        used = resource.getrusage(resource.RUSAGE_SELF)
        return waited, used.ru_utime + used.ru_stime

    def share(self):
        waited, own = self.read()
        available = (time.perf_counter() - self.begin) * self.cpus
        missing = available - (own - self.own)
        return max(0.0, min(waited - self.waited, missing)) / available


def calls_of_block(contender, seconds):
    """How many calls fill a block; also warms up what a library does in its first calls."""
    once = contender.time(1)
    if once > seconds:
        return 1
    once = min(contender.time(1) for _ in range(5))
    if once < 1e-4:
        once = contender.time(100) / 100
    return max(1, round(seconds / once))


def settle():
    """Sleeps until this process is idle: the last contender's workers may spin for a while. False if they never end."""
    for _ in range(200):
        used = time.process_time()
        time.sleep(0.004)
        if time.process_time() - used < 0.0004:
            return True
    return False


def take_block(contender, calls, kind, probes):
    idle = settle()
    foreign, before = Foreign(), probes.measure(kind)
    if calls > 1:
        contender.time(max(1, calls // 20))  # the probe has taken the caches
    seconds = contender.time(calls) / calls
    after = probes.measure(kind)
    probe = min(before, after) / probes.best(kind)
    share = foreign.share()
    accepted = idle and probe >= PROBE_FLOOR and share <= FOREIGN_CEILING
    return {"seconds": seconds, "probe": statistics.mean((before, after)), "foreign": share, "accepted": accepted}


def take_run(contender, calls, kind, probes, repeat_until):
    for attempt in range(1, ATTEMPTS + 1):
        block = take_block(contender, calls, kind, probes)
        if block["accepted"] or time.monotonic() > repeat_until:
            break
    return block | {"attempts": attempt}


def take_cold(contender, probes):
    probes.evict()
    return contender.time(1)


def worth_evicting(record):
    """Whether the caches can matter: of a call of a quarter of a second they cannot."""
    return record["runs"][-1]["seconds"] < 0.25


def measure(contenders, kind, probes, runs, block_seconds):
    """{name: {"runs": [...], "cold_seconds": [...], "calls": n}}, all of them, in the order of time."""
    taken = {c.name: {"calls": calls_of_block(c, block_seconds), "runs": [], "cold_seconds": []} for c in contenders}
    repeat_until = time.monotonic() + REPEAT_SECONDS
    for turn in range(runs):
        for i in range(len(contenders)):
            contender = contenders[(turn + i) % len(contenders)]
            record = taken[contender.name]
            record["runs"].append(take_run(contender, record["calls"], kind, probes, repeat_until))
            if worth_evicting(record):
                record["cold_seconds"].append(take_cold(contender, probes))
    return taken


def summarise(record, row, least):
    """Medians with minimum and maximum, over the accepted runs where there are enough of them."""
    accepted = [run for run in record["runs"] if run["accepted"]]
    gated = len(accepted) >= least
    used = accepted if gated else record["runs"]
    seconds = [run["seconds"] for run in used]
    record["gated"], record["accepted"] = gated, len(accepted)
    record["seconds"] = {"median": statistics.median(seconds), "min": min(seconds), "max": max(seconds)}
    record["of_probe"] = statistics.median(row.work / run["seconds"] / run["probe"] for run in used)
    record["cold"] = statistics.median(record["cold_seconds"] or seconds)
    return record
