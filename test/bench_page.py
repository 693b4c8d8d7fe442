"""bench_page.py - a page, pictures and a summary of made-up results, and the process in which a row runs.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent / "bench"))

import compare  # noqa: E402
import gate  # noqa: E402
import isolated  # noqa: E402
import plots  # noqa: E402
import readme  # noqa: E402
import report  # noqa: E402
import serving  # noqa: E402
import whole  # noqa: E402


def contender(seconds, accepted=5, **more):
    runs = [{"seconds": seconds, "accepted": i < accepted} for i in range(5)]
    spread = {"median": seconds, "min": 0.9 * seconds, "max": 1.1 * seconds}
    cell = {"runs": runs, "accepted": accepted, "gated": accepted == 5, "seconds": spread, "cold": 2 * seconds}
    return cell | {"of_probe": 0.5, "ready_ms": 3.0, "error": 1e-7} | more


def row(name, contenders, counts=True, **problems):
    sizes = {"flops": 1e9, "data_bytes": 1e6, "work": 1e9, "error_bound": 1e-5, "matrix": None}
    about = {"name": name, "group": "products", "threads": 1, "dtype": "f32", "probe": "fma", "counts": counts}
    return about | sizes | {"contenders": contenders, "problems": problems}


def result():
    own = {"compile": {"user_ms": 20.0, "wall_ms": 30.0, "so_bytes": 17000, "load_and_bind_ms": 0.5}}
    rows = [
        row("quick", {"batten": contender(1e-3, **own), "openvino": contender(2e-3), "jax": contender(4e-3)}),
        row("slow", {"batten": contender(3e-3, 2, **own), "openvino": contender(1.5e-3)}, jax="wrong: off by 1"),
        row("alone", {"batten": contender(1e-6, **own)}, False, openvino="failed: a reason"),
    ]
    machine = {"cpu": "A CPU", "date": "2026-01-02", "cpus": 2, "features": ["avx2"], "caches": {"L1": "32K"}}
    machine |= {"memory_gib": 8, "kernel": "6", "load_at_start": 0.1, "load_at_end": 0.2}
    absent = {"torch": "not installed"} | dict.fromkeys(["jax", "2 threads"], "not asked for")
    probes = {"1": {"fma": 2e12, "read": 2e10}}
    made = {"form": report.FORM, "machine": machine, "versions": {"batten": "1", "openvino": "2"}, "runs": 5}
    return made | {"bf16_probe": "AMX", "int8_probe": "VPDPBUSD", "absent": absent, "rows": rows, "best_probes": probes}


def expect(text, *parts):
    for part in parts:
        assert part in text, f"`{part}` is not in\n{text}"


def check_operations():
    about = result()["machine"] | {"threads": 2, "version": "batten 1"}
    measured = [("sum_", {"dims": "B=4", "seconds": 2e-6}, 0.02, 0.75, "pass")]
    page = report.operations_page(about, "pass: all", measured)
    expect(page, "# Operations on A CPU, 2026-01-02", "batten 1, 2 threads.", "pass: all.")
    expect(page, "| sum_ | B=4 | 2.00 us | 2.0 % | 75.0 % | pass |")


def check_batcher():
    lines = [
        "                                    samples/s    median us       99 % us",
        "  calls of one sample            1         5271        187.5        260.1",
        "  batcher, delay 200 us         16        61234       1250.0       2400.5   15.9 samples a batch",
        "  1024 samples in 4 MiB          1        40000      25600.0      25900.0   a pool of 2",
    ]
    page = report.batcher_page(result()["machine"] | {"version": "batten 1"}, serving.rows_of(lines))
    expect(page, "# Batcher and chunks on A CPU, 2026-01-02", "| calls of one sample | 1 | 5,271 | 188 us | 260 us |  |")
    expect(page, "| batcher, delay 200 us | 16 | 61,234 | 1.25 ms | 2.40 ms | 15.9 samples a batch |")
    expect(page, "| 1024 samples in 4 MiB | 1 | 40,000 | 25.6 ms | 25.9 ms | a pool of 2 |")


def check_report():
    made = json.loads(report.as_json(result()))
    assert [compare.ratio(r) for r in made["rows"]] == [2.0, 0.5, None]
    page = report.page(made, {"ratios": "r.svg"})
    expect(page, "(bf16:\nAMX, int8: VPDPBUSD):")
    expect(page, "| quick | 1 | **1.00 ms** | 900 us - 1.10 ms | 50 % | 2.00 ms | 2.00 | 2.00 ms | 4.00 ms |")
    expect(page, "| slow | 1 | 3.00 ms ~ |", "**1.50 ms** | wrong |", "| 0.50 ~ |", "| 0.50 ms |")
    expect(page, "Left out: torch (not installed); jax, 2 threads (not asked for).")
    bars = plots.ratio_bars(made)
    expect(bars, "quick, 1", "slow, 1", 'class="ahead"', 'class="behind"', ">2.00<", ">~ 0.50<")
    assert "alone" not in bars, "a row without peers has no ratio"
    expect(plots.roofline(made), "<title>alone</title>", "FMA probe 2000 GF/s")


def check_summary():
    made = result()
    summary = "\n".join(readme.table(Path("x.json"), made))
    expect(summary, "2026-01-02, beside openvino.\nLeft out: torch (not installed); jax, 2 threads (not asked for).")
    expect(summary, "| products | f32 | 1 | 1 of 2 | 2.00 | 1.00 | 0.50 ~ (slow) to 2.00 | 50 % |")
    expect(summary, "(test/bench/results/x.md)")
    made["rows"], made["absent"] = made["rows"][1:2], {}
    disturbed = "\n".join(readme.table(Path("x.json"), made))
    expect(disturbed, "| products | f32 | 1 | 0 of 1 | 0.50 ~ | 0.50 | slow | 50 % ~ |")
    assert "Left out" not in disturbed, "a whole page leaves nothing out"


def check_scaling():
    made = result()
    assert "beside one" not in report.page(made, {}), "of one thread alone there is no table of scaling"
    for record, seconds in zip(result()["rows"], (0.625e-3, 2e-3, 1e-6)):
        record["contenders"]["batten"]["seconds"]["median"] = seconds
        made["rows"].append(record | {"threads": 2})
    made["best_probes"]["2"] = {"fma": 3.5e12, "read": 3e10}
    page = report.page(made, {})
    expect(page, "## 2 threads beside one\n\n| row | 1 thread | 2 threads | quicker | best peer | probe |")
    expect(page, "| quick | 1.00 ms | 625 us | 1.60 | 1.00 | 1.75 |")
    expect(page, "| slow | 3.00 ms | 2.00 ms | 1.50 ~ | 1.00 ~ | 1.75 |")
    assert "| alone | 1.00 us | 1.00 us |" not in page, "a row without peers has nothing beside it"
    expect("\n".join(readme.table(Path("x.json"), made)), "| products | f32 | 2 | 1 of 2 | 3.20 |")


def check_what_a_page_leaves_out_is_named():
    assert whole.not_asked_for([*whole.PEERS, "torch"], [1, 2, 4], 5) == {}
    some = [name for name in whole.PEERS if name != "iree"]
    assert whole.left_out(whole.not_asked_for(some, [2], 3)) == "iree, 1 thread, 2 of 5 runs (not asked for)"


def attempts(*accepted, repeat_seconds=60):
    """The run that is made of attempts of 0, 1, 2 ... seconds."""
    blocks = [{"seconds": float(i), "accepted": each} for i, each in enumerate(accepted)]
    with mock.patch.object(gate, "take_block", side_effect=blocks):
        return gate.take_run(None, 1, "fma", None, repeat_seconds)[0]


def check_a_disturbed_run_is_repeated():
    run = attempts(False, False, True, True)
    assert (run["seconds"], run["accepted"], run["attempts"]) == (2.0, True, 3), run
    assert run["rejected"] == [{"seconds": 0.0, "accepted": False}, {"seconds": 1.0, "accepted": False}], run
    run = attempts(*[False] * 9)
    assert (run["accepted"], run["attempts"], len(run["rejected"])) == (False, 5, 4), run
    assert attempts(False, True, repeat_seconds=0)["attempts"] == 1, "no time is left to repeat anything"


def check_the_median_is_of_accepted_runs():
    runs = [{"seconds": s, "probe": 1.0, "accepted": s < 4} for s in (1.0, 2.0, 3.0, 8.0, 9.0)]
    summary = lambda least: gate.summarise({"runs": runs, "cold_seconds": []}, SimpleNamespace(work=6.0), least)
    assert (summary(3)["gated"], summary(3)["seconds"]["median"], summary(3)["of_probe"]) == (True, 2.0, 3.0)
    assert (summary(5)["gated"], summary(5)["seconds"]["median"], summary(5)["accepted"]) == (False, 3.0, 3)


def check_isolation():
    assert isolated.run(lambda x: x + 1, 41, limit_seconds=60) == 42
    for broken, said in ((lambda: os._exit(7), "ended with 7"), (lambda: 1 // 0, "ZeroDivisionError")):
        try:
            isolated.run(broken, limit_seconds=60)
            raise AssertionError(f"no failure: {said}")
        except isolated.Failure as failure:
            expect(str(failure), said)


check_operations()
check_batcher()
check_report()
check_summary()
check_scaling()
check_what_a_page_leaves_out_is_named()
check_a_disturbed_run_is_repeated()
check_the_median_is_of_accepted_runs()
check_isolation()
