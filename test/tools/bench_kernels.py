"""bench_kernels.py BATTEN SOURCE FUNCTION [options]: holds the tables of `bench --kernels` on standard input to the plan.

The kernels are those that the plan of the function launches, in its order and as often; the shares make up the whole; the
operations are those of the call: of B samples, three products of 48x48 with relu, one of 48x9, and a softmax.
"""

import re
import subprocess
import sys

batten, source, function, *options = sys.argv[1:]
emitted = subprocess.run([batten, "build", source, "--emit=scheduled", "-o", "-", *options], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
plan = re.search(rf"batten\.plan @{function}\[.*?\n  }}", emitted, re.S)[0]
launched = re.findall(r"batten\.launch @(?:\"([^\"]+)\"|(\S+))", plan)
expected = {}
for quoted, plain in launched:
    expected[quoted or plain] = expected.get(quoted or plain, 0) + 1

tables = sys.stdin.read().split("\n\n")[1:]
assert len(tables) == 2, tables
for table in tables:
    dims, heading, *rows = table.strip().split("\n")
    samples = int(dims.removeprefix("B="))
    cells = [re.split(r" {2,}", row) for row in rows]
    kernels, between, whole = cells[:-2], cells[-2], cells[-1]
    assert {row[0]: int(row[2]) for row in kernels} == expected, (kernels, expected)
    assert list(expected) == [row[0] for row in kernels]
    assert between[0] == "between them" and whole[0] == "the call", cells
    share = sum(float(row[4].split()[0]) for row in kernels) + float(between[2].split()[0])
    assert abs(share - 100) < 1, share
    value, unit = whole[1].split()
    seconds = float(value) * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3}[unit]
    products = 2 * samples * (3 * 48 * 48 + 48 * 9)
    flops = float(whole[3]) * 1e9 * seconds
    assert 0.95 * products < flops < 1.2 * products, (flops, products)
    assert all(re.fullmatch(r"net\.btn:\d+", row[1]) for row in kernels), kernels
print("ok")
