"""bench.py - `./dev bench`: Batten beside other libraries, in alternating blocks of one process a row.

`run.sh` prepares what is needed and calls this; README.md says how to read what comes out.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import contextlib
import json
import os
import re
import sys
import time
from pathlib import Path

import numpy as np

import graph
import isolated
import machine
import operations
import peers
import peers.batten
import readme
import report
import whole
from gate import summarise
from measure import DOTS, KINDS, Probes, dot_instruction, measure
from rows import all_specs

ROOT = f"{Path(__file__).resolve().parents[2]}/"  # of no interest to who reads a result

EXAMPLES = """examples:
  ./dev bench                                     every row, one and two threads (40 minutes)
  ./dev bench --quick                             a few rows, few runs (2 minutes): does it work here?
  ./dev bench --rows='^GEMM .* f32' --threads=1   some rows on one thread
  ./dev bench --peers=onnxruntime,openvino        beside these only
  ./dev bench --peers=all                         PyTorch too, eager and compiled (installs 9 GB)
  ./dev bench --check --threads=1                 are all results right? nothing is timed
  ./dev bench --publish                           into results/ and the README
  ./dev bench --list                              the rows and the peers, nothing is measured
  ./dev bench ops                                 a row an operation against the probes, without peers
  ./dev bench --batcher                           samples of many threads, or under a budget; no peers; --publish too
"""
ROW_LIMIT_SECONDS = 300
QUICK_RUNS = 3


def parse(arguments):
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="./dev bench", epilog=EXAMPLES, formatter_class=shape, allow_abbrev=False)
    parser.add_argument("--rows", default="", metavar="REGEX", help="rows whose name it is found in")
    parser.add_argument("--peers", default="default", metavar="LIST", help="names with commas, `default` or `all`")
    usual = ",".join(map(str, whole.THREADS))
    parser.add_argument("--threads", default=usual, metavar="LIST", help=f"threads of a call ({usual})")
    runs = f"accepted runs wanted of each contender ({whole.RUNS}; --quick: {QUICK_RUNS})"
    parser.add_argument("--runs", type=int, default=0, help=runs)
    parser.add_argument("--quick", action="store_true", help="a few rows, short blocks; not for publication")
    parser.add_argument("--check", action="store_true", help="only compare all results with the reference")
    parser.add_argument("--list", action="store_true", help="only say what would be measured")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the JSON (build/bench/result.json); .md, .svg beside it"
    )
    parser.add_argument(
        "--publish", action="store_true", help="into test/bench/results/, and the README's table from it"
    )
    options = parser.parse_args(arguments)
    if options.publish and (options.quick or options.rows):
        parser.error("--publish is for the whole page: not with --quick or --rows")
    return options


def peer_names(text):
    known = whole.PEERS + whole.ON_REQUEST
    names = {"default": whole.PEERS, "all": known}.get(text) or text.split(",")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"bench: no peer `{unknown[0]}`; there are {', '.join(known)}")
    return names


def chosen_specs(options):
    specs = [
        s for s in all_specs() if re.search(options.rows, s.name) and (s.quick or not options.quick or options.rows)
    ]
    return specs or sys.exit(f"bench: no row matches `{options.rows}`; --list shows them")


def prepare_all(row, modules, threads, wanted):
    """(contenders whose results are right, {name: what is wrong with it}, {name: largest error})."""
    contenders, problems, errors = [], {}, {}
    largest = float(np.abs(wanted).max()) or 1.0
    for module in modules:
        reason = module.refuses(row)
        if reason:
            problems[module.NAME] = f"not run: {reason}"
            continue
        try:
            contender = module.prepare(row, threads)
            error = float(np.abs(contender.result().astype(np.float64) - wanted).max()) / largest
        except Exception as failure:
            problems[module.NAME] = "failed: " + str(failure).strip().splitlines()[0].replace(ROOT, "")[:200]
            continue
        errors[contender.name] = error
        if not error <= row.error_bound:  # NaN is not
            problems[module.NAME] = f"wrong: off by {error:.1e} of the largest result, {row.error_bound:.0e} is allowed"
            continue
        contenders.append(contender)
    return contenders, problems, errors


def check_row(row, modules, wanted):
    """In a process of its own: a line of errors, of the largest result, and problems."""
    machine.use_cpus(1)
    _, problems, errors = prepare_all(row, modules, 1, wanted)
    told = [f"{name} {error:.0e}" for name, error in errors.items()]
    return ", ".join(told), [f"  {name}: {text}" for name, text in problems.items() if not text.startswith("not run")]


def check_all(specs, modules):
    """Exits with 1 where anybody fails or is wrong."""
    bad = 0
    for number, spec in enumerate(specs, 1):
        row = spec.make()
        arguments = (row, modules, graph.reference(row))
        try:
            told, problems = isolated.run(check_row, *arguments, limit_seconds=ROW_LIMIT_SECONDS)
        except isolated.Failure as failure:
            told, problems = "no result", [f"  {failure}"]
        bad += bool(problems)
        print("\n".join([f"[{number}/{len(specs)}] {spec.name}: {told}", *problems]), flush=True)
    sys.exit(1 if bad else 0)


def measure_row(row, modules, wanted, threads, seen, options):
    """In a process of its own."""
    machine.use_cpus(threads)
    contenders, problems, errors = prepare_all(row, modules, threads, wanted)
    probes = Probes(peers.batten.WORK / "libprobe.so", threads, seen)
    probes.warm_up()
    kind = probes.judging(row)
    native = next((c for c in contenders if c.name == "batten"), None)
    if native and native.time(1) < 20e-6:
        contenders.insert(1, peers.batten.from_python(native))
    cells = measure(contenders, kind, probes, options.runs, 0.015 if options.quick else 0.04)
    for contender in contenders:
        cell = summarise(cells[contender.name], row, options.runs)
        cell |= {"ready_ms": contender.ready_ms, "error": errors.get(contender.name)}
        cell |= {key: getattr(contender, key) for key in ("compile", "computes_in") if hasattr(contender, key)}
    return {"contenders": cells, "problems": problems, "probe": kind}, probes.seen


def describe(row):
    return {
        "dtype": row.dtype,
        "flops": row.flops,
        "data_bytes": row.data_bytes,
        "work": row.work,
        "error_bound": row.error_bound,
        "matrix": row.matrix,
    }


def is_comparison(record):
    """Whether the peers that matter ran; without them a ratio flatters."""
    ran = record["contenders"]
    products = record["matrix"] is None or "onednn" in ran or "libxsmm" in ran
    return all(name in ran for name in ("batten", "onnxruntime", "openvino")) and products


def thread_counts(wanted, absent):
    """Those that this process has CPUs for; the others are named."""
    cpus = len(os.sched_getaffinity(0))
    absent |= {whole.threads_text(count): f"this process may use {cpus} CPUs" for count in wanted if count > cpus}
    return [count for count in wanted if count <= cpus]


def measure_spec(spec, modules, counts, seen, options, place):
    """A record for each number of threads; `seen`, what the probes have reached, grows."""
    row = spec.make()
    wanted, _ = graph.reference(row), row.onnx  # made here once, for every number of threads
    for threads in counts:
        begin = time.monotonic()
        record = {"name": spec.name, "group": spec.group, "threads": threads} | describe(row)
        try:
            arguments = (row, modules, wanted, threads, seen[threads], options)
            measured, seen[threads] = isolated.run(measure_row, *arguments, limit_seconds=ROW_LIMIT_SECONDS)
            record |= measured
        except isolated.Failure as failure:
            record |= {"contenders": {}, "problems": {"row": str(failure)}, "probe": row.probe}
        record["counts"] = is_comparison(record)
        report.print_row(record, place, time.monotonic() - begin)
        yield record


def measure_all(specs, modules, counts, options):
    """(records, best probes, whether all was measured). An interrupt ends it, and what is measured is kept."""
    seen = {threads: {kind: [] for kind in KINDS} for threads in counts}
    records, complete = [], False
    with contextlib.suppress(KeyboardInterrupt):
        for number, spec in enumerate(specs, 1):
            records += measure_spec(spec, modules, counts, seen, options, f"[{number}/{len(specs)}]")
        complete = True
    best = {threads: {kind: float(np.percentile(v, 90)) for kind, v in s.items() if v} for threads, s in seen.items()}
    return records, best, complete


def main(arguments):
    if arguments[:1] == ["ops"]:
        return operations.main(arguments[1:])
    options = parse(arguments)
    options.runs = options.runs or (QUICK_RUNS if options.quick else whole.RUNS)
    specs = chosen_specs(options)
    names, wanted = peer_names(options.peers), [int(count) for count in options.threads.split(",")]
    present, absent = peers.load(names)
    absent |= whole.not_asked_for(names, wanted, options.runs)
    counts = thread_counts(wanted, absent)
    if options.list:
        return report.print_list(specs, present, absent)
    peers.batten.VERSION = peers.batten.version()
    modules = [peers.batten, *present]
    result = {"form": report.FORM, "machine": machine.describe(), "quick": options.quick, "runs": options.runs}
    result |= {"versions": {m.NAME: m.VERSION for m in modules}, "absent": absent}
    result |= {f"{kind}_probe": dot_instruction(peers.batten.WORK / "libprobe.so", kind) for kind in DOTS}
    if options.check:
        return check_all(specs, modules)
    report.print_head(result)
    begin = time.monotonic()
    result["rows"], result["best_probes"], result["complete"] = measure_all(specs, modules, counts, options)
    result["seconds"] = round(time.monotonic() - begin)
    result["machine"]["load_at_end"] = os.getloadavg()[0]
    write(result, options)


def write(result, options):
    publish = options.publish and result["complete"]
    published = readme.RESULTS / f"{machine.slug(result['machine'])}.json" if publish else None
    out = options.out or published or peers.batten.WORK / "result.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(report.as_json(result))
    report.write_beside(out, json.loads(out.read_text()))
    if publish:
        readme.main([])


if __name__ == "__main__":
    main(sys.argv[1:])
