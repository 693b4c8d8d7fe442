"""commit.py SOURCES FOLDER: the commit that `batten --version` shows is that of the checkout when it is built.

Makes a checkout in FOLDER and holds what compiler/Commit.cmake writes of it to what git says.
"""

import pathlib
import re
import subprocess
import sys

script = pathlib.Path(sys.argv[1]) / "compiler/Commit.cmake"
outer = pathlib.Path(sys.argv[2])
checkout, output = outer / "checkout", outer / "Commit.cpp"


def git(*words):
    identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.com"]
    return subprocess.run(["git", *identity, *words], cwd=checkout, check=True, stdout=subprocess.PIPE,
                          text=True).stdout.strip()


def commit(source=checkout):
    subprocess.run(["cmake", f"-DSOURCE={source}", f"-DOUTPUT={output}", "-P", script], check=True)
    return re.search(r'sourceCommit = "(.*)";', output.read_text())[1]


checkout.mkdir(parents=True)
git("init", "-q")
(checkout / "model.btn").write_text("// one\n")
git("add", "model.btn")
git("commit", "-q", "-m", "one")
git("tag", "-m", "a tag is no name for it", "release")
first = git("rev-parse", "--short=10", "HEAD")
assert commit() == first
before = output.stat().st_mtime_ns
assert commit() == first and output.stat().st_mtime_ns == before, "written again, so compiled again"
(checkout / "model.btn").write_text("// two\n")
assert commit() == first + "-dirty"
git("commit", "-q", "-a", "-m", "two")
assert commit() == git("rev-parse", "--short=10", "HEAD") != first
(checkout / "copy").mkdir()
assert commit(checkout / "copy") == "unknown", "the commit of another checkout"
