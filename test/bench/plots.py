"""plots.py - the two pictures of a result as plain SVG: bars of ratios to the best peer, and a roofline.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import html
import math

from compare import best_peer, gated, ratio

STYLE = """<style>
  text { font: 12px sans-serif; fill: #222 } .axis { stroke: #999; stroke-width: 1 } .one { stroke: #222 }
  .ahead { fill: #2a7d4f } .behind { fill: #c0504d } .peer { fill: none; stroke: #888; stroke-width: 1.5 }
  .roof { stroke: #222; stroke-width: 1.5; fill: none } .page { fill: #fff }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .one, .roof { stroke: #ddd } .page { fill: #1c1c1c }
    .ahead { fill: #5fbf8a } .behind { fill: #e07f7c }
  }
</style>"""


def svg(width, height, shapes):
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    return "\n".join([head, STYLE, f'<rect class="page" width="{width}" height="{height}"/>', *shapes, "</svg>", ""])


def text(x, y, words, anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(words)}</text>'


def line(x1, y1, x2, y2, name):
    return f'<line class="{name}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def compared(result):
    """[(record, ratio)] of the rows that count."""
    return [(r, ratio(r)) for r in result["rows"] if r["counts"]]


def ratio_bars(result):
    """A bar a row on a logarithmic axis: to the right of 1 Batten is quicker than the best peer. `~`: not gated."""
    rows = compared(result)
    left, step, width, top = 330, 18, 760, 50
    limit = max([2.0, *(max(r, 1 / r) for _, r in rows)])
    limit = 2.0 ** math.ceil(math.log2(limit))
    at = lambda value: left + (width - left - 60) * (math.log(value) + math.log(limit)) / (2 * math.log(limit))
    bottom = top + step * len(rows)
    shapes = [text(10, 20, "Time of the best peer over Batten's: right of 1, Batten is quicker; ~ disturbed")]
    for power in range(-round(math.log2(limit)), round(math.log2(limit)) + 1):
        x = at(2.0**power)
        shapes += [
            line(x, top - 6, x, bottom, "axis" if power else "one"),
            text(x, top - 10, f"{2.0**power:g}", "middle"),
        ]
    for i, (record, value) in enumerate(rows):
        y, begin, end = top + step * i, min(at(1), at(value)), max(at(1), at(value))
        name = "ahead" if value >= 1 else "behind"
        shapes.append(
            f'<rect class="{name}" x="{begin:.1f}" y="{y + 3}" width="{end - begin:.1f}" height="{step - 6}"/>'
        )
        shapes.append(text(left - 10, y + 13, f"{record['name']}, {record['threads']}", "end"))
        shapes.append(text(width - 6, y + 13, "~ " * (not gated(record)) + f"{value:.2f}", "end"))
    return svg(width, bottom + 20, shapes)


def roofline(result):
    """Floating-point operations a second over operations a byte, one thread, f32; circles: the best peer."""
    roofs = result["best_probes"].get("1") or next(iter(result["best_probes"].values()))
    rows = [
        r for r in result["rows"] if str(r["threads"]) == "1" and r["dtype"] == "f32" and "batten" in r["contenders"]
    ]
    width, height, left, bottom = 760, 460, 70, 410
    low_x, high_x, low_y, high_y = 0.1, 2000.0, 0.1, 10 ** math.ceil(math.log10(roofs["fma"] / 1e9))
    scale = lambda v, low, high: (math.log(min(max(v, low), high)) - math.log(low)) / (math.log(high) - math.log(low))
    x_of = lambda v: left + (width - left - 20) * scale(v, low_x, high_x)
    y_of = lambda v: bottom - (bottom - 30) * scale(v, low_y, high_y)
    peak, stream = roofs["fma"] / 1e9, roofs["read"] / 1e9
    shapes = [line(left, bottom, width - 20, bottom, "axis"), line(left, 30, left, bottom, "axis")]
    for power in range(-1, 4):
        shapes.append(text(x_of(10.0**power), bottom + 18, f"{10.0**power:g}", "middle"))
    for power in range(-1, round(math.log10(high_y)) + 1):
        shapes.append(text(left - 8, y_of(10.0**power) + 4, f"{10.0**power:g}", "end"))
    shapes += [
        text(width / 2, bottom + 36, "operations a byte of inputs, weights and results", "middle"),
        text(8, 20, "GF/s; filled: Batten, rings: the best peer"),
    ]
    corner = f"{x_of(low_x):.1f},{y_of(low_x * stream):.1f} {x_of(peak / stream):.1f},{y_of(peak):.1f}"
    shapes.append(f'<polyline class="roof" points="{corner} {x_of(high_x):.1f},{y_of(peak):.1f}"/>')
    shapes.append(text(width - 24, y_of(peak) - 6, f"FMA probe {peak:.0f} GF/s; reading {stream:.0f} GB/s", "end"))
    for record in rows:
        x, peer = x_of(record["flops"] / record["data_bytes"]), best_peer(record)
        if peer:
            y = y_of(record["flops"] / peer[1] / 1e9)
            shapes.append(f'<circle class="peer" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
        own = y_of(record["flops"] / record["contenders"]["batten"]["seconds"]["median"] / 1e9)
        shapes.append(f'<circle class="ahead" cx="{x:.1f}" cy="{own:.1f}" r="3"><title>{html.escape(record["name"])}')
        shapes[-1] += "</title></circle>"
    return svg(width, height, shapes)
