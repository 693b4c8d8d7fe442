"""report.py - results as lines while they are measured, and as a Markdown page beside the JSON.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json

import plots
from compare import OURS, best_peer, gated, ratio, times
from whole import left_out, threads_text

FORM = 2  # of the JSON; readers take no other
UNITS = {"fma": "GF/s", "bf16": "GF/s", "int8": "Gop/s", "read": "GB/s", "copy": "GB/s"}


def duration(seconds):
    """Three digits and a unit."""
    for unit, scale in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            break
    else:
        unit, scale = "ns", 1e-9
    value = seconds / scale
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:#.3g} {unit}"


# ---- Lines on the terminal ------------------------------------------------------------------------------------------


def print_head(result):
    machine = result["machine"]
    print(f"{machine['cpu']}, {machine['cpus']} CPUs, load average {machine['load_at_start']:.1f}")
    print(", ".join(f"{name} {version}" for name, version in result["versions"].items()))
    for name, reason in result["absent"].items():
        print(f"absent: {name} ({reason})")
    print(end="", flush=True)


def print_list(specs, present, absent):
    for spec in specs:
        print(f"{spec.group:12s} {spec.name}{'   (quick)' if spec.quick else ''}")
    print(f"{len(specs)} rows; peers: {', '.join(m.NAME for m in present) or 'none'}")
    for name, reason in absent.items():
        print(f"absent: {name} ({reason})")


def print_row(record, place, seconds):
    shown = ratio(record)
    verdict = f"best peer / Batten {shown:.2f}" if shown else "no comparison"
    verdict += "" if record["counts"] else " (does not count)"
    print(f"\n{place} {record['name']}, {threads_text(record['threads'])}: {verdict}   [{seconds:.0f} s]")
    for name, cell in record["contenders"].items():
        spread = f"{duration(cell['seconds']['min'])} - {duration(cell['seconds']['max'])}"
        rate = f"{record['work'] / cell['seconds']['median'] / 1e9:8.1f} {UNITS[record['probe']]}"
        mark = "" if cell["gated"] else f"   ungated, {cell['accepted']} of {len(cell['runs'])} accepted"
        print(
            f"  {name:16s} {duration(cell['seconds']['median']):>9s}  ({spread:>19s})  {rate}"
            f"  {100 * cell['of_probe']:5.1f} % of probe  cold {duration(cell['cold']):>9s}{mark}"
        )
    for name, problem in record["problems"].items():
        print(f"  {name:16s} {problem}")
    print(end="", flush=True)


# ---- The page -------------------------------------------------------------------------------------------------------


def peer_columns(rows):
    names = dict.fromkeys(name for r in rows for name in (*r["contenders"], *r["problems"]) if name not in OURS)
    return [name for name in names if name != "row"]


def cell_text(record, name, best):
    """The median in the row's table, bold where it is the quickest of all, `f32` where it computes in another type."""
    cell = record["contenders"].get(name)
    if cell is None:
        return record["problems"].get(name, "-").split(":")[0]
    text = duration(cell["seconds"]["median"])
    text = f"**{text}**" if cell["seconds"]["median"] == best else text
    if cell.get("computes_in", record["dtype"]) != record["dtype"]:
        text += f" ({cell['computes_in']})"
    return text + ("" if cell["gated"] else " ~")


def table_row(record, columns):
    own = record["contenders"].get("batten")
    quickest = min((t for name, t in times(record).items() if name != OURS[1]), default=None)
    shown = ratio(record)
    if own:
        probe = f"{100 * own['of_probe']:.0f} %"
        spread = f"{duration(own['seconds']['min'])} - {duration(own['seconds']['max'])}"
        cold = duration(own["cold"])
    else:
        probe, spread, cold = "-", record["problems"].get("batten", record["problems"].get("row", "-"))[:120], "-"
    cells = [record["name"], str(record["threads"]), cell_text(record, "batten", quickest), spread, probe, cold]
    cells += [f"{shown:.2f}" + " ~" * (not gated(record)) + " *" * (not record["counts"]) if shown else "-"]
    cells += [cell_text(record, name, quickest) for name in columns]
    return "| " + " | ".join(cell.replace("\n", " ").replace("|", "/") for cell in cells) + " |"


def group_table(group, rows):
    columns = peer_columns(rows)
    head = ["row", "threads", "Batten", "min - max", "of probe", "cold", "best peer / Batten", *columns]
    lines = [f"## {group}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + [table_row(record, columns) for record in rows] + [""]


def head_lines(result):
    machine = result["machine"]
    caches = ", ".join(f"{level} {size}" for level, size in machine["caches"].items())
    yield f"# {machine['cpu']}, {machine['date']}"
    yield ""
    yield f"{machine['cpus']} CPUs ({', '.join(machine['features'])}), {caches}, {machine['memory_gib']} GiB, Linux"
    yield f"{machine['kernel']}, load average {machine['load_at_start']:.1f} at the start and"
    yield f"{machine['load_at_end']:.1f} at the end. {result['runs']} runs of each, alternating. The best probes (bf16:"
    yield f"{result['bf16_probe']}, int8: {result['int8_probe']}):"
    yield ""
    for count, best in result["best_probes"].items():
        amounts = ", ".join(f"{kind} {value / 1e9:.0f} {UNITS[kind]}" for kind, value in best.items())
        yield f"- {threads_text(count)}: {amounts}"
    yield ""
    yield ", ".join(f"{name} {version}" for name, version in result["versions"].items()) + "."
    if result["absent"]:
        yield f"Left out: {left_out(result['absent'])}."
    yield ""
    yield "Times are medians of warm calls; `cold`: of a call after the caches were emptied. `~`: fewer quiet runs than"
    yield "wanted (ungated), of a ratio where one of its two times is. `*`: a peer that matters did not run, so the row"
    yield "does not count. `not run`, `failed` and `wrong` stand with their reasons in the JSON."
    yield ""


def scaling_table(result):
    """How much quicker more threads make Batten, the best peer (of each number), and the probe that judges the row."""
    rows = [r for r in result["rows"] if best_peer(r) and "batten" in r["contenders"]]
    alone = {r["name"]: r for r in rows if r["threads"] == 1}
    for count in sorted({r["threads"] for r in rows} - {1}):
        head = ["row", "1 thread", threads_text(count), "quicker", "best peer", "probe"]
        pairs = [(alone[r["name"]], r) for r in rows if r["threads"] == count and r["name"] in alone]
        yield from [f"## {head[2]} beside one", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        yield from [scaling_row(*pair, result) for pair in pairs]
        yield ""


def scaling_row(alone, record, result):
    one, many = times(alone)["batten"], times(record)["batten"]
    peer = best_peer(alone)[1] / best_peer(record)[1]
    probes = [result["best_probes"][str(r["threads"])][r["probe"]] for r in (alone, record)]
    mark = "" if gated(alone) and gated(record) else " ~"
    gains = [f"{one / many:.2f}{mark}", f"{peer:.2f}{mark}", f"{probes[1] / probes[0]:.2f}"]
    name = record["name"] + ("" if alone["counts"] and record["counts"] else " *")
    return "| " + " | ".join([name, duration(one), duration(many), *gains]) + " |"


def compile_table(result):
    """What it takes before the first call: compiling, loading, packing."""
    fewest = min((r["threads"] for r in result["rows"]), default=1)
    rows = [r for r in result["rows"] if r["threads"] == fewest and "batten" in r["contenders"]]
    columns = [name for name in peer_columns(rows) if any(ready(r, name) for r in rows)]
    head = ["row", "Batten compile, user", "of it and start, wall", ".so, bytes", "load and bind", *columns]
    yield from ["## Before the first call", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for record in rows:
        own = record["contenders"]["batten"]["compile"]
        cells = [record["name"], f"{own['user_ms']:.0f} ms", f"{own['wall_ms']:.0f} ms", str(own["so_bytes"])]
        cells += [f"{own['load_and_bind_ms']:.2f} ms"] + [ready(record, name) or "-" for name in columns]
        yield "| " + " | ".join(cells) + " |"
    yield ""


def ready(record, name):
    cell = record["contenders"].get(name)
    return f"{cell['ready_ms']:.1f} ms" if cell and cell["ready_ms"] else None


def page(result, pictures):
    lines = list(head_lines(result))
    lines += [f"![{name}]({file})" for name, file in pictures.items()] + [""]
    for group in dict.fromkeys(r["group"] for r in result["rows"]):
        lines += group_table(group, [r for r in result["rows"] if r["group"] == group])
    lines += [*scaling_table(result), *compile_table(result)]
    return "\n".join(lines)


def rounded(value):
    """Four digits of every number: what is beyond is noise."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    return [rounded(part) for part in value] if isinstance(value, (list, tuple)) else value


def as_json(result):
    """A row a line: five hundred kilobytes that can still be searched and compared."""
    head = json.dumps(rounded(result | {"rows": []}), indent=1)
    rows = ",\n".join(json.dumps(rounded(row)) for row in result["rows"])
    return head.replace('"rows": []', f'"rows": [\n{rows}\n]') + "\n"


def files(out, result):
    """{path: text} of FILE.md, FILE-ratios.svg and FILE-roofline.svg, which stand beside FILE.json."""
    draw = {"ratios": plots.ratio_bars, "roofline": plots.roofline}
    paths = {name: out.with_name(f"{out.stem}-{name}.svg") for name in draw}
    pictures = {path: draw[name](result) for name, path in paths.items()}
    return {out.with_suffix(".md"): page(result, {name: path.name for name, path in paths.items()})} | pictures


def write_beside(out, result):
    made = files(out, result)
    for path, text in made.items():
        path.write_text(text)
    print(f"\n{out}, {', '.join(path.name for path in made)}; {result['seconds']} s")


# ---- Operations without peers ---------------------------------------------------------------------------------------


def operations_page(about, rule, measured):
    """A row an operation: (name, row, of the FMA probe, of the copy probe, pass or short)."""
    lines = [
        *extra_head("Operations", about),
        f"{about['version']}, {threads_text(about['threads'])}.",
        f"`./dev bench ops --publish`; {rule}. [README](../README.md) says what is counted.",
        "",
        "| operation | sizes | time | of FMA | of copy | |",
        "|---|---|---|---|---|---|",
    ]
    for name, row, arithmetic, memory, word in measured:
        shares = f"{100 * arithmetic:.1f} % | {100 * memory:.1f} %"
        lines.append(f"| {name} | {row['dims']} | {duration(row['seconds'])} | {shares} | {word} |")
    return "\n".join(lines) + "\n"


def batcher_page(about, measured):
    """A row a way of asking: (name, threads, samples a second, median us, 99 % us, remark), all text."""
    lines = [
        *extra_head("Batcher and chunks", about),
        f"{about['version']}.",
        "`./dev bench --batcher --publish`; [README](../README.md) says who asks for what.",
        "",
        "| asked by | threads | samples/s | median | 99 % | |",
        "|---|---|---|---|---|---|",
    ]
    for name, threads, samples, median, tail, remark in measured:
        times = " | ".join(duration(float(us) * 1e-6) for us in (median, tail))
        lines.append(f"| {name} | {threads} | {int(samples):,} | {times} | {remark} |")
    return "\n".join(lines) + "\n"


def extra_head(title, about):
    """What the pages beside the main one begin with."""
    caches = ", ".join(f"{name} {size}" for name, size in about["caches"].items())
    yield f"# {title} on {about['cpu']}, {about['date']}"
    yield ""
    yield f"{', '.join(about['features'])}, {caches}, {about['memory_gib']} GiB, Linux {about['kernel']}, load average"
    yield f"{about['load_at_start']:.1f} at the start and {about['load_at_end']:.1f} at the end."
