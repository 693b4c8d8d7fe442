"""gate.py - when a run counts, and what becomes of one that does not.

A *run* of a contender is one block of calls between two probes. It is accepted when both probes reach 95 % of the best
(the 90th percentile of those so far: one lucky probe must not condemn the rest) and no other process took more than 5 %
of its CPUs. A run that is not is repeated, five times at most; the last one then stands for it, and who has fewer
accepted runs than wanted is reported as ungated. The attempts before are kept, too, as `rejected`.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os
import resource
import statistics
import time
from pathlib import Path

PROBE_FLOOR, FOREIGN_CEILING, ATTEMPTS = 0.95, 0.05, 5
# Of a row, for all its repeats together: enough for five attempts of everybody unless a call takes longer than a third
# of a second, as BERT-base of 8 sequences does, whose rows would take minutes on a busy machine.
REPEAT_SECONDS = 60


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


def take_run(contender, calls, kind, probes, repeat_seconds):
    """(the first block that is accepted or the last of five, seconds that repeating took).

    Nothing is repeated any more when `repeat_seconds` are over.
    """
    block, rejected = take_block(contender, calls, kind, probes), []
    begin = time.monotonic()
    while not block["accepted"] and len(rejected) + 1 < ATTEMPTS and time.monotonic() - begin < repeat_seconds:
        rejected.append(block)
        block = take_block(contender, calls, kind, probes)
    return block | {"attempts": len(rejected) + 1, "rejected": rejected}, time.monotonic() - begin


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
