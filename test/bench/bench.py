"""bench.py BUILD WORK - measures every row for every contender, interleaved in one process on one thread.

A sample is some calls that take about 2 ms, with the row's probe right before and after it. Every clock is the CPU
time of the process: on a quiet machine that is wall time, on a loaded one it leaves out what the scheduler gave to
others. A sample counts when both probes reach 90 % of the best and CPU time is at most 105 % of wall time (more would
mean a second thread). The best probe is the 95th percentile of the row's: one lucky probe must not condemn the rest.
A row passes when every contender keeps enough samples. No time is ever asserted.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import ctypes
import datetime
import json
import os
import re
import resource
import statistics
import subprocess
import time
from pathlib import Path

import numpy as np

from contenders import aligned, contenders
from rows import HERE, rows

SAMPLE_SECONDS, WANTED, NEEDED, GATE = 0.002, 25, 7, 0.9
COPY_BYTES = 64 << 20  # beyond the caches


class Probes:
    def __init__(self, work):
        self.library = ctypes.CDLL(str(work / "libprobe.so"))
        for name in ("probe_fma", "probe_copy", "time_calls"):
            getattr(self.library, name).restype = ctypes.c_double
        self.library.time_calls.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64]
        self.source, self.target = aligned((COPY_BYTES // 4,)), aligned((COPY_BYTES // 4,))
        self.source[:] = 1
        self.best = {"fma": 0.0, "copy": 0.0}

    def measure(self, kind):
        if kind == "fma":
            value = self.library.probe_fma(ctypes.c_int64(40000))
        else:
            to, source = (ctypes.c_void_p(a.ctypes.data) for a in (self.target, self.source))
            value = self.library.probe_copy(to, source, ctypes.c_int64(COPY_BYTES))
        self.best[kind] = max(self.best[kind], value)
        return value


def compile_programs(build, work, table):
    """Every program once for real, then for the clock: user time of the compiler, median of 5."""
    compiled = {}
    for program in dict.fromkeys(row.program for row in table):
        output = work / f"lib{program.stem}.so"
        command = [build / "bin/batten", "build", program, "-o", output]
        times = []
        for _ in range(6):
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            done = subprocess.run(command, capture_output=True, text=True)
            times.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
            if done.returncode:
                raise SystemExit(f"{program.name}: {done.stderr}")
        compiled[program.stem] = {
            "user_ms": 1e3 * statistics.median(times[1:]),
            "user_ms_min": 1e3 * min(times[1:]),
            "so_bytes": output.stat().st_size,
        }
    return compiled


def take(contender, calls, kind, probes):
    time.sleep(0.003)  # a process that has just slept is interrupted less
    before = probes.measure(kind)
    contender.sample(1)  # the probe has taken the caches
    wall = time.perf_counter()
    seconds = contender.sample(calls)
    wall = time.perf_counter() - wall
    return {"seconds": seconds / calls, "probes": (before, probes.measure(kind)), "busy": seconds / wall}


def kept(samples, reference):
    return [s for s in samples if min(s["probes"]) >= GATE * reference and s["busy"] <= 1.05]


def reference_probe(samples):
    return float(np.percentile([p for own in samples for s in own for p in s["probes"]], 95))


def calibrate(contender):
    for _ in range(3):
        contender.sample(1)
    quickest = min(contender.sample(1) for _ in range(5))
    if quickest < 1e-4:
        quickest = min(contender.sample(100) for _ in range(5)) / 100
    return max(1, round(SAMPLE_SECONDS / quickest))


def measure_row(row, made, probes, seconds):
    calls = [calibrate(c) for c in made]
    samples = [[] for _ in made]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for i, contender in enumerate(made):
            samples[i].append(take(contender, calls[i], row.probe, probes))
        reference = reference_probe(samples)
        if all(len(kept(s, reference)) >= WANTED for s in samples):
            break
    return samples


def summary(row, samples, reference):
    good = kept(samples, reference)
    result = {"kept": len(good), "taken": len(samples)}
    if len(good) >= NEEDED:
        times = [s["seconds"] for s in good]
        low, middle, high = statistics.quantiles(times, n=4)
        result |= {
            "seconds": middle,
            "quartiles": [low, high],
            "of_probe": statistics.median(row.work / s["seconds"] / statistics.mean(s["probes"]) for s in good),
        }
    return result


def same_results(made):
    """The largest difference from Batten's result: whoever computes something else is not a peer."""
    for contender in made:
        contender.sample(1)
    return {c.name: float(np.abs(c.out - made[0].out).max()) for c in made[1:]}


def print_row(row, record, best_peer):
    print(f"\n{row.name}" + ("" if record["passed"] else "   (too few quiet samples: not a result)"))
    for name, cell in record["contenders"].items():
        counts = f"{cell['kept']:4d} of {cell['taken']:4d}"
        if "seconds" not in cell:
            print(f"  {name:16s} {'-':>10s}    {'':31s} {counts}")
            continue
        ratio = f"{best_peer / cell['seconds']:6.2f}x" if best_peer else "      -"
        spread = (cell["quartiles"][1] - cell["quartiles"][0]) / cell["seconds"]
        print(
            f"  {name:16s} {cell['seconds'] * 1e6:10.3f} us {100 * cell['of_probe']:6.1f} %  {ratio}"
            f" {100 * spread:10.1f} %  {counts}",
            flush=True,
        )


def cpu_name():
    text = Path("/proc/cpuinfo").read_text()
    pick = lambda key: re.search(rf"^{key}\s*: (.*)$", text, re.M)[1]
    return f"{pick('model name')} (family {pick('cpu family')}, model {pick('model')})"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--torch", action="store_true", help="PyTorch eager too, for the rows bound by memory")
    parser.add_argument("--seconds", type=float, default=60, help="the longest that a row may take")
    parser.add_argument("--out", type=Path, help="the JSON (results/<date>-<cpu>.json)")
    options = parser.parse_args()

    table = rows()
    load = os.getloadavg()[0]
    probes = Probes(options.work)
    compiled = compile_programs(options.build, options.work, table)
    report = {
        "date": datetime.date.today().isoformat(),
        "cpu": cpu_name(),
        "load_at_start": load,
        "threads": 1,
        "versions": {},
        "rows": {},
        "compile": compiled,
    }
    print(f"{report['cpu']}, one thread, load average {load:.1f}")
    print(f"  {'':16s} {'median':>13s} {'of probe':>8s} {'peer/this':>8s} {'quartiles':>12s}  {'samples kept'}")
    for row in table:
        made = contenders(row, options.work, probes.library, options.torch)
        report["versions"] |= {c.name: c.version for c in made}
        differences = same_results(made)
        samples = measure_row(row, made, probes, options.seconds)
        reference = reference_probe(samples)
        cells = {c.name: summary(row, s, reference) for c, s in zip(made, samples)}
        passed = all("seconds" in cell for cell in cells.values())
        record = {
            "probe": row.probe,
            "probe_reference": reference,
            "work": row.work,
            "passed": passed,
            "differences": differences,
            "contenders": cells,
        }
        report["rows"][row.name] = record
        if max(differences.values()) > 1e-3:
            raise SystemExit(f"{row.name}: the contenders disagree: {differences}")
        peers = [cell["seconds"] for name, cell in cells.items() if "seconds" in cell and not name.startswith("batten")]
        print_row(row, record, min(peers, default=None))

    fma, copy = probes.best["fma"] / 1e9, probes.best["copy"] / 1e9
    report["best_probes"] = {"fma_gflops": fma, "copy_gbytes": copy}
    print(f"\nbest probes: FMA {fma:.1f} GF/s, copy of 64 MiB {copy:.1f} GB/s")
    for name, c in compiled.items():
        print(f"compile {name}: {c['user_ms']:.0f} ms, {c['so_bytes']} bytes")
    report["passed"] = all(r["passed"] for r in report["rows"].values())
    slug = re.sub(r"[^a-z0-9]+", "-", report["cpu"].lower()).strip("-")
    folder = HERE / "results" if report["passed"] else options.work
    path = options.out or folder / f"{report['date']}-{slug}.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(f"{'every row passed the gate' if report['passed'] else 'THE GATE DID NOT PASS'}: {path}")


if __name__ == "__main__":
    main()
