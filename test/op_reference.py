"""op_reference.py LLVM_BIN: the op reference has every op of the language, and says of each what a reader needs.

The page is made as `./dev docs` makes it. Each op and operator of LANGUAGE.md's table and of OpTable.cpp stands in its
contents, each link there meets a section, and a section has a meaning, numbered constraints and an example.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Rearrangements are described in words: no formula is shorter.
IN_WORDS = {"rearrange", "concat", "stack", "spread", "topk", "constant", "dim"}


def page(llvm_bin):
    include = pathlib.Path(llvm_bin).parent / "include"
    dump = [f"{llvm_bin}/llvm-tblgen", "--dump-json", f"-I{include}", f"-I{ROOT}", ROOT / "dialect/BattenOps.td"]
    table = subprocess.run(dump, check=True, capture_output=True).stdout
    made = subprocess.run([sys.executable, ROOT / "dialect/optable.py"], input=table, check=True, capture_output=True)
    return made.stdout.decode()


def written_ops():
    """What LANGUAGE.md's table of ops and the front end's own table name."""
    language = (ROOT / "compiler/frontend/LANGUAGE.md").read_text()
    rows = re.search(r"^\| op \| core \|\n\|---\|---\|\n((?:\|.*\n)+)", language, re.M)[1].splitlines()
    for row in rows:
        cell = re.split(r"(?<!\\)\|", row)[1].replace("\\|", "|")
        for code in re.findall(r"`([^`]+)`", cell):
            called = re.match(r"(\w+)\(", code)
            words = [".T"] if code == "x.T" else [word for word in code.split() if word not in ("a", "b")]
            yield from [called[1]] if called else words
    front_end = (ROOT / "compiler/frontend/OpTable.cpp").read_text()
    yield from re.findall(r'^ +\{"(\w+)",\s*\{\{', front_end, re.M)
    yield from re.findall(r'^ +(?:unary|reduction|alongDim)\("(\w+)"', front_end, re.M)


def section_faults(name, text):
    before = text.split("Constraints:")[0].split("\n", 1)[1]
    meaning = re.sub(r"^(Cores|Operands|Attributes): .*$", "", before, flags=re.M).replace("\n", " ").strip()
    if name not in IN_WORDS and not re.search(r"`[^`]*=[^`]*`", meaning) and "`y` is " not in meaning:
        yield f"{name}: no formula"
    if name != "constant" and not meaning:
        yield f"{name}: no meaning"
    if not re.search(r"^\* \(C1\) ", text, re.M):
        yield f"{name}: no constraint"
    if not re.search(r"^```mlir\n.*batten\." + name + r"\b", text, re.M):
        yield f"{name}: no example"


def main(llvm_bin):
    text = page(llvm_bin)
    contents = re.findall(r"^\| (.*) \| \[`batten\.\w+`\]\(#(\w+)\) \| .+ \|$", text, re.M)
    words = {word.replace("\\|", "|") for row, _ in contents for word in re.findall(r"`([^`]+)`", row)}
    sections = dict(re.findall(r'^<a id="(\w+)"></a>\n### (.*?)(?=^<a id|^## |\Z)', text, re.M | re.S))
    ops = sorted(set(written_ops()))
    faults = [f"the contents have no `{op}`" for op in ops if op not in words]
    for _, name in contents:
        faults += section_faults(name, sections[name]) if name in sections else [f"{name}: no section"]
    print("\n".join(faults) or f"{len(ops)} ops of the language, {len(contents)} of the dialect")
    return bool(faults) or len(ops) < 60 or len(contents) < 60


sys.exit(main(sys.argv[1]))
