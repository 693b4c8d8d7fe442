"""mutants.py - plants bugs one by one and names the test that catches each: a test of the tests.

  mutants.py BUILD [--only=NAME[,NAME..]] [--list] [--copy=DIR]
  mutants.py --stale     only whether every mutant still matches the sources; builds nothing

The bugs are in mutants.toml: a name, what goes wrong, the file, the old text, which must stand there once, the new
text, and the tests that are likely to notice, which run first: paths below test/, or calls of random-programs. If they
pass, the rest of the suite runs. Sources are never touched: bugs are planted in a copy (BUILD/mutants or --copy) that
has a build folder of its own. Exit status 1 where a bug survives, does not build or has gone stale.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS = 1200  # a bug may make a test hang; that too is noticed


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(command, folder):
    """Exit status and output; the whole group ends with a command that takes too long."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace", start_new_session=True)
    try:
        output, _ = process.communicate(timeout=SECONDS)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return -1, "it hangs"


def planted(mutant, text):
    """The text with the bug, or None where the old text does not stand there exactly once."""
    return text.replace(mutant["old"], mutant["new"]) if text.count(mutant["old"]) == 1 else None


def faults_of(mutants):
    """What is wrong with the list itself."""
    faults = []
    names = [mutant["name"] for mutant in mutants]
    for mutant in mutants:
        file = ROOT / mutant["file"]
        text = file.read_text() if file.exists() else ""
        if names.count(mutant["name"]) > 1:
            faults.append(f"{mutant['name']}: stands twice")
        if planted(mutant, text) is None:
            count = text.count(mutant["old"])
            faults.append(f"{mutant['name']}: stale, its old text stands {count} times in {mutant['file']}, not once")
        for test in mutant["tests"]:
            if not test.startswith("random-programs") and not (ROOT / "test" / test).exists():
                faults.append(f"{mutant['name']}: there is no test/{test}")
    return faults


class Copy:
    """The sources and a build of them that bugs may be planted in."""

    def __init__(self, folder):
        self.folder = folder
        self.build_folder = folder / "build"

    def sync(self):
        """Only what differs is written, so that only that is built again."""
        listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                                capture_output=True, text=True).stdout.split("\0")
        files = {name for name in listed if name and (ROOT / name).is_file()}
        for name in files:
            source, target = ROOT / name, self.folder / name
            if target.exists() and target.read_bytes() == source.read_bytes():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
        for path in self.folder.rglob("*"):
            name = path.relative_to(self.folder)
            if path.is_file() and name.parts[0] not in ("build", ".git") and str(name) not in files:
                path.unlink()

    def configure(self):
        if (self.build_folder / "build.ninja").exists():
            return 0, ""
        return run(["cmake", "--preset", "default", "-B", str(self.build_folder)], self.folder)

    def build(self):
        return run(["cmake", "--build", str(self.build_folder), "--parallel", str(os.cpu_count())], self.folder)

    def lit(self, paths):
        cache = (self.build_folder / "CMakeCache.txt").read_text()
        tool = re.search(r"^BATTEN_LIT:\w+=(.*)$", cache, re.M).group(1)
        # The list of mutants is stale in the copy by intention.
        return run([sys.executable, tool, "-v", "--max-failures=1", "--filter-out=mutants/",
                    f"-DBIN={self.build_folder / 'bin'}", f"-DLLVM={pathlib.Path(tool).parent}", *paths], self.folder)

    def failure(self, test):
        """The first failure of a test, or of the whole suite for ''; None: there is none."""
        if test.startswith("random-programs"):
            words = test.split()
            status, output = run([str(self.build_folder / "bin" / words[0]), "--no-reduce", *words[1:]], self.folder)
        else:
            status, output = self.lit([str(self.folder / "test" / test)])
        if status == 0:
            return None
        if status == -1:
            return f"{test or 'the suite'} hangs"
        failed = re.search(r"^(?:FAIL|TIMEOUT|UNRESOLVED): Batten :: (\S+)", output, re.M)
        case = re.search(r"^\[  FAILED  \] ([\w./]+)", output, re.M) or re.search(r"FAILED: (program \d+)", output)
        name = failed.group(1) if failed else test
        return name + (f" ({case.group(1)})" if case else "")


def try_mutant(mutant, copy):
    """(caught, by which test or why not)"""
    file = copy.folder / mutant["file"]
    healthy = file.read_text()
    file.write_text(planted(mutant, healthy))
    try:
        status, output = copy.build()
        if status:
            say(output[-3000:])
            return False, "DOES NOT BUILD"
        for test in [*mutant["tests"], ""]:
            if failure := copy.failure(test):
                return True, failure
        return False, "SURVIVES"
    finally:
        file.write_text(healthy)


def healthy(copy):
    """The copy builds and passes: otherwise nothing could be said of a bug."""
    copy.sync()
    for name, step in (("configure", copy.configure), ("build", copy.build)):
        say(f"mutants: {name} {copy.folder}")
        status, output = step()
        if status:
            say(output[-3000:])
            return False
    say("mutants: the suite without a bug")
    failure = copy.failure("")
    if failure:
        say(f"mutants: {failure} fails without any bug")
    return not failure


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("build", nargs="?", default="build")
    parser.add_argument("--only", default="")
    parser.add_argument("--copy")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--stale", action="store_true")
    options = parser.parse_args()
    mutants = tomllib.loads((ROOT / "test/mutants/mutants.toml").read_text())["mutant"]
    if options.list:
        for mutant in mutants:
            print(f"{mutant['name']:36} {mutant['file']:44} {mutant['bug']}")
        return 0
    if faults := faults_of(mutants):
        print("\n".join(faults))
        return 1
    if options.stale:
        return 0
    wanted = options.only.split(",") if options.only else [mutant["name"] for mutant in mutants]
    if unknown := set(wanted) - {mutant["name"] for mutant in mutants}:
        say("mutants: there is no " + ", ".join(sorted(unknown)))
        return 2
    copy = Copy(pathlib.Path(options.copy or ROOT / options.build / "mutants").resolve())
    if not healthy(copy):
        return 1
    survivors = []
    for number, mutant in enumerate([m for m in mutants if m["name"] in wanted], 1):
        say(f"mutants: {number} of {len(wanted)}: {mutant['name']}")
        start = time.monotonic()
        caught, by = try_mutant(mutant, copy)
        print(f"{mutant['name']:36} {by:60} {time.monotonic() - start:5.0f} s", flush=True)
        if not caught:
            survivors.append(mutant["name"])
    print(f"{len(wanted) - len(survivors)} of {len(wanted)} bugs caught" + "".join(f"\n  not {s}" for s in survivors))
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
