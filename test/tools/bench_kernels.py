"""bench_kernels.py BATTEN SOURCE FUNCTION [options]: holds the output of `bench --kernels` on standard input, tables or
JSON, to the plan.

The kernels are those that the plan of the function launches, in its order and as often; the shares make up the whole; the
operations are those of the call: of B samples, three products of 48x48 with relu, one of 48x9, and a softmax.
"""

import json
import re
import subprocess
import sys

UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3}


def seconds(cell):
    value, unit = cell.split()
    return float(value) * UNITS[unit]


def of_tables(text):
    """(dims, kernels as in JSON, least and most FLOPs of the call) of each table; a slow call's rate has few digits."""
    for table in text.split("\n\n")[1:]:
        dims, _, *rows = table.strip().split("\n")
        remarks = [row for row in rows if row.startswith(("disturbed: ", "above 100 %: "))]
        cells = [re.split(r" {2,}", row) for row in rows if row not in remarks]
        kernels, between, whole = cells[:-2], cells[-2], cells[-1]
        assert between[0] == "between them" and whole[0] == "the call", cells
        share = sum(float(row[4].split()[0]) for row in kernels) + float(between[2].split()[0])
        assert abs(share - 100) < 1, share
        kernels = [{"kernel": row[0], "source": row[1], "launches": int(row[2])} for row in kernels]
        rate, half_digit = float(whole[3]), 0.5 * 10 ** -len(whole[3].partition(".")[2])
        yield dims, kernels, *((rate + error) * 1e9 * seconds(whole[1]) for error in (-half_digit, half_digit))


def of_json(text):
    for row in json.loads(text)["rows"]:
        kernels = row["kernels"]
        assert 0 < sum(kernel["seconds"] for kernel in kernels) <= row["seconds"] < 1 and row["calls"] >= 4, row
        assert row["peak_flops_per_second"] > 1e9, row
        flops = sum(kernel["flops"] for kernel in kernels)
        yield row["dims"], kernels, flops, flops


batten, source, function, *options = sys.argv[1:]
emitted = subprocess.run([batten, "build", source, "--emit=scheduled", "-o", "-", *options], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
plan = re.search(rf"batten\.plan @{function}\[.*?\n  }}", emitted, re.S)[0]
launched = re.findall(r"batten\.launch @(?:\"([^\"]+)\"|(\S+))", plan)
expected = {}
for quoted, plain in launched:
    expected[quoted or plain] = expected.get(quoted or plain, 0) + 1

output = sys.stdin.read()
results = list(of_json(output) if output.startswith("{") else of_tables(output))
assert [dims for dims, *_ in results] == ["B=1", "B=200"], results
for dims, kernels, least, most in results:
    assert {row["kernel"]: row["launches"] for row in kernels} == expected, (kernels, expected)
    assert list(expected) == [row["kernel"] for row in kernels]
    products = 2 * int(dims.removeprefix("B=")) * (3 * 48 * 48 + 48 * 9)
    assert 0.95 * products < most and least < 1.2 * products, (least, most, products)
    assert all(re.fullmatch(r"net\.btn:\d+", row["source"]) for row in kernels), kernels
print("ok")
