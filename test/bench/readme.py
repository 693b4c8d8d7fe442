"""readme.py [--check] - writes the README's tables of measurements, of each machine's newest result, and the pages of
these results; --check: only compares.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import re
import sys
from pathlib import Path
from statistics import geometric_mean

import compare
import report
from whole import left_out

RESULTS = Path(__file__).resolve().parent / "results"
README = RESULTS.parents[2] / "README.md"
BEGIN, END = "<!-- test/bench/readme.py: begin -->", "<!-- test/bench/readme.py: end -->"
LEGEND = """\
Time of the quickest peer over Batten's, geometric mean: above 1, Batten is quicker. A row is *gated* where the runs of
both were undisturbed; *ratio* and *of probe* are of the gated rows alone, *of all* is the ratio of every row. `~` marks
what is not gated: an end of the range, or a mean where no row is."""


def newest():
    """(file, result) of each machine, the one measured last first. Files begin with their date."""
    seen = {}
    for path in sorted(RESULTS.glob("*.json"), reverse=True):
        result = json.loads(path.read_text())
        if result.get("form") == report.FORM:
            seen.setdefault(result["machine"]["cpu"], (path, result))
    return list(seen.values())


def summary_row(group, dtype, threads, records):
    gated = [r for r in records if compare.gated(r)]
    of_all, ratio = (geometric_mean(map(compare.ratio, used)) for used in (records, gated or records))
    probe = geometric_mean(r["contenders"]["batten"]["of_probe"] for r in gated or records)
    ranked = sorted(records, key=compare.ratio)
    end = lambda record: f"{compare.ratio(record):.2f}" + " ~" * (not compare.gated(record))
    ends = f"{end(ranked[0])} ({ranked[0]['name']}) to {end(ranked[-1])}" if len(ranked) > 1 else ranked[0]["name"]
    mark = "" if gated else " ~"
    means = f"{ratio:.2f}{mark} | {of_all:.2f} | {ends} | {100 * probe:.0f} %{mark}"
    return f"| {group} | {dtype} | {threads} | {len(gated)} of {len(records)} | {means} |"


def table(path, result):
    machine = result["machine"]
    yield f"{machine['cpu']}, {machine['date']}, beside {', '.join(n for n in result['versions'] if n != 'batten')}."
    if result["absent"]:
        yield f"Left out: {left_out(result['absent'])}."
    yield f"[Every row, with all peers and runs](test/bench/results/{path.stem}.md)"
    yield ""
    yield "| group | dtype | threads | gated | ratio | of all | from (row) to | of probe |"
    yield "|---|---|---|---|---|---|---|---|"
    groups = {}
    for record in result["rows"]:
        if record["counts"]:
            groups.setdefault((record["group"], record["dtype"], record["threads"]), []).append(record)
    for key, records in groups.items():
        yield summary_row(*key, records)


def rendered(found):
    tables = [LEGEND, *("\n".join(table(*one)) for one in found)]
    text = "\n\n".join(tables) if found else "No result is committed yet; `./dev bench --publish` makes one."
    return "\n".join([BEGIN, text, END])


def wanted_files():
    """{path: text} of the README and of the pages and pictures that its tables lead to."""
    text, found = README.read_text(), newest()
    if BEGIN not in text:
        raise SystemExit(f"README.md: no `{BEGIN}`")
    place = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.S)
    made = {README: place.sub(lambda _: rendered(found), text, count=1)}
    for path, result in found:
        made |= report.files(path, result)
    return made


def main(arguments):
    for path, text in wanted_files().items():
        if "--check" not in arguments:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            raise SystemExit(f"{path.name}: its measurements are not what test/bench/readme.py writes")


if __name__ == "__main__":
    main(sys.argv[1:])
