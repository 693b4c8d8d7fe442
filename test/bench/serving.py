"""serving.py BATTEN PROGRAM LIBRARY WEIGHTS [--publish] - `./dev bench --batcher`: runs PROGRAM (batcher.cpp) and shows
its lines as they come; --publish writes them into results/ too. Standard library only.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import machine
import report

RESULTS = Path(__file__).resolve().parent / "results"
ROW = re.compile(r"  (\S.*?) +(\d+) +(\d+) +([\d.]+) +([\d.]+) *(.*)")


def parse(arguments):
    parser = argparse.ArgumentParser(prog="./dev bench --batcher", allow_abbrev=False)
    parser.add_argument("files", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--publish", action="store_true", help="the table into test/bench/results/ too")
    return parser.parse_args(arguments)


def rows_of(lines):
    """[(who asks, threads, samples a second, median us, 99 % us, remark)] of what PROGRAM prints."""
    found = [ROW.fullmatch(line.rstrip("\n")) for line in lines]
    return [row.groups() for row in found if row]


def shown(command):
    """The lines of a program, which are printed meanwhile; exits as it does where it fails."""
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        for line in program.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    if program.returncode:
        sys.exit(program.returncode)
    return lines


def main(arguments):
    options = parse(arguments)
    about = machine.describe()
    batten, *command = options.files
    version = subprocess.run([batten, "--version"], capture_output=True, text=True, check=True).stdout
    rows = rows_of(shown(command))
    about |= {"load_at_end": os.getloadavg()[0], "version": version.splitlines()[0]}
    if not rows:
        sys.exit("bench: batcher printed no row")
    if options.publish:
        out = RESULTS / f"{machine.slug(about)}-batcher.md"
        out.write_text(report.batcher_page(about, rows))
        print(f"written: {out}")


if __name__ == "__main__":
    main(sys.argv[1:])
