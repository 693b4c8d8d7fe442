"""readme.py [--check] - writes the README's tables of measurements, of each machine's newest result; --check: only
compares.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import re
import statistics
import sys
from pathlib import Path

import report

RESULTS = Path(__file__).resolve().parent / "results"
README = RESULTS.parents[2] / "README.md"
BEGIN, END = "<!-- test/bench/readme.py: begin -->", "<!-- test/bench/readme.py: end -->"


def newest():
    """(file, result) of each machine, the one measured last first. Files begin with their date."""
    seen = {}
    for path in sorted(RESULTS.glob("*.json"), reverse=True):
        result = json.loads(path.read_text())
        if result.get("form") == report.FORM:
            seen.setdefault(result["machine"]["cpu"], (path, result))
    return list(seen.values())


def summary_row(group, dtype, threads, records):
    ratios = sorted((report.ratio(r), r["name"]) for r in records)
    probe = statistics.geometric_mean(r["contenders"]["batten"]["of_probe"] for r in records)
    mean = statistics.geometric_mean(value for value, _ in ratios)
    ends = f"{ratios[0][0]:.2f} ({ratios[0][1]}) to {ratios[-1][0]:.2f}" if len(ratios) > 1 else ratios[0][1]
    return f"| {group} | {dtype} | {threads} | {len(records)} | {mean:.2f} | {ends} | {100 * probe:.0f} % |"


def table(path, result):
    machine = result["machine"]
    peers = ", ".join(name for name in result["versions"] if name != "batten")
    yield f"Time of the quickest peer over Batten's, geometric mean (above 1, Batten is quicker): {machine['cpu']},"
    yield f"{machine['date']}, beside {peers}. [Every row, with all peers and runs](test/bench/results/{path.stem}.md)"
    yield ""
    yield "| group | dtype | threads | rows | ratio | from (row) to | of probe |"
    yield "|---|---|---|---|---|---|---|"
    groups = {}
    for record in result["rows"]:
        if record["counts"]:
            groups.setdefault((record["group"], record["dtype"], record["threads"]), []).append(record)
    for key, records in groups.items():
        yield summary_row(*key, records)


def rendered():
    tables = ["\n".join(table(*found)) for found in newest()]
    text = "\n\n".join(tables) or "No result is committed yet; `./dev bench --publish` makes one."
    return "\n".join([BEGIN, text, END])


def main(arguments):
    text = README.read_text()
    wanted = re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: rendered(), text, count=1, flags=re.S)
    if "--check" in arguments:
        if BEGIN not in text or wanted != text:
            raise SystemExit("README.md: the tables of measurements are not what test/bench/readme.py writes")
    else:
        README.write_text(wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
