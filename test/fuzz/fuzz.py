"""fuzz.py BIN TARGET [--seconds=N] [--seed=N] [--keep=FOLDER]: libFuzzer on one target for so long; no crash may be found.

TARGET is one of TARGETS below: BIN/fuzz-TARGET, made of TARGET_fuzzer.cpp. It starts from the files that the repository
has anyway, corpus/TARGET (what reaches further, minimised) and found/TARGET (what once failed). What it finds to reach
further is kept in FOLDER/TARGET, from where the next run goes on. An input that fails is left as FOLDER/TARGET-crash-HASH
(or -timeout-, -oom-): `fuzz-TARGET FILE` shows it again.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]

# Of each: folders with seeds, and how many bytes an input has at most.
TARGETS = {
    "frontend": (["examples", "test/frontend", "test/e2e/Inputs", "test/fuzz/Inputs"], 3000),
    "safetensors": (["test/runtime/fixtures"], 2048),
    "npy": (["test/runtime/fixtures"], 2048),
    "description": ([], 1024),
}


# Freed memory in a quarantine that stays in the caches, and stacks of one frame, find the same faults in less time; run on
# the input alone, the fuzzer says all of one.
SANITIZER = "malloc_context_size=1:quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
# Of how often an edge is taken, and of how rare it is, libFuzzer keeps books that cost more than most executions.
CHEAP = ["-use_counters=0", "-entropic=0"]


def run(binaries, target, seconds, seed, keep):
    folders, longest = TARGETS[target]
    seeds = [ROOT / folder for folder in folders] + [HERE / "corpus" / target, HERE / "found" / target]
    seeds = [folder for folder in seeds if folder.is_dir()]
    corpus = keep / target
    corpus.mkdir(parents=True, exist_ok=True)
    dictionary = HERE / f"{target}.dict"
    command = [binaries / f"fuzz-{target}", f"-max_total_time={seconds}", f"-max_len={longest}", f"-seed={seed}",
               f"-artifact_prefix={keep}/{target}-", "-timeout=30", "-rss_limit_mb=2048", "-verbosity=1", *CHEAP]
    command += [f"-dict={dictionary}"] if dictionary.exists() else []
    ran = subprocess.run([*command, corpus, *seeds], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         errors="replace", env={"ASAN_OPTIONS": SANITIZER, **os.environ})
    done = re.search(r"^Done (\d+) runs in (\d+) second", ran.stdout, re.M)
    files = sum(path.is_file() for folder in seeds for path in folder.rglob("*"))
    if ran.returncode or not done or int(done[1]) < files:
        print(ran.stdout[-6000:])
        return 1
    covered = re.findall(r" cov: (\d+) ", ran.stdout)[-1]
    print(f"{target}: {done[1]} executions in {done[2]} s, {covered} edges covered, no failure")
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binaries", type=pathlib.Path)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="0: another one every time")
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    if options.keep:
        return run(options.binaries, options.target, options.seconds, options.seed, options.keep)
    with tempfile.TemporaryDirectory() as folder:
        return run(options.binaries, options.target, options.seconds, options.seed, pathlib.Path(folder))


sys.exit(main())
