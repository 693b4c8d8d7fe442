"""machine.py - what the bench runs on, as the results state it, and how many CPUs it may use.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import datetime
import os
import platform
import re
from pathlib import Path


def use_cpus(threads):
    """Keeps this process to the last so many CPUs: libraries size their pools by that, and CPU 0 has interrupts."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < threads:
        raise RuntimeError(f"{threads} threads are asked for, and this process may use {len(cpus)} CPUs")
    os.sched_setaffinity(0, cpus[-threads:])
    os.environ["OMP_NUM_THREADS"] = str(threads)


def cpu_name():
    text = Path("/proc/cpuinfo").read_text()
    pick = lambda key: re.search(rf"^{key}\s*: (.*)$", text, re.M)[1]
    return f"{pick('model name')} (family {pick('cpu family')}, model {pick('model')})"


def features():
    flags = set(re.search(r"^flags\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)[1].split())
    return [f for f in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8") if f in flags]


def caches():
    found = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        read = lambda name: (folder / name).read_text().strip()
        if read("type") != "Instruction":
            found[f"L{read('level')}"] = read("size")
    return found


def slug(about):
    """What files of results begin with: the date and the CPU."""
    return re.sub(r"[^a-z0-9]+", "-", f"{about['date']} {about['cpu']}".lower()).strip("-")


def describe():
    memory_kb = int(re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.M)[1])
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": cpu_name(),
        "features": features(),
        "caches": caches(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory_kb / 2**20),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_at_start": os.getloadavg()[0],
    }
