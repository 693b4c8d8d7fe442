"""op_reference.py LLVM_BIN: the op reference has every op of the language, and says of each what a reader needs.

The page is made as `./dev docs` makes it. Each op and operator of LANGUAGE.md's table and of OpTable.cpp stands in its
contents, each link there meets a section, and a section has a meaning, numbered constraints and an example. Where cores
are fixed lists of dims, the three tables give an op the same signature, whatever they call its dims.
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


def language_rows():
    """The rows of LANGUAGE.md's table of ops, each as the code spans of its two cells."""
    language = (ROOT / "compiler/frontend/LANGUAGE.md").read_text()
    rows = re.search(r"^\| op \| core \|\n\|---\|---\|\n((?:\|.*\n)+)", language, re.M)[1].splitlines()
    for row in rows:
        _, ops, cores, _ = re.split(r"(?<!\\)\|", row)
        yield [re.findall(r"`([^`]+)`", cell.replace("\\|", "|")) for cell in (ops, cores)]


def written_ops():
    """What LANGUAGE.md's table of ops and the front end's own table name."""
    for codes, _ in language_rows():
        for code in codes:
            called = re.match(r"(\w+)\(", code)
            words = [".T"] if code == "x.T" else [word for word in code.split() if word not in ("a", "b")]
            yield from [called[1]] if called else words
    front_end = (ROOT / "compiler/frontend/OpTable.cpp").read_text()
    yield from re.findall(r'^ +\{"(\w+)",\s*\{\{', front_end, re.M)
    yield from re.findall(r'^ +(?:unary|reduction|alongDim)\("(\w+)"', front_end, re.M)


def front_end_signatures():
    """name -> (parameters, options, signature) of the ops of fixed cores in OpTable.cpp."""
    front_end = (ROOT / "compiler/frontend/OpTable.cpp").read_text()
    row = r'^ +\{"(\w+)",\s*\{(\{.*?\})\},\s*(\d+),\s*"([^"]*)",\s*\{(.*?)\}'
    for name, operands, required, result, options in re.findall(row, front_end, re.M | re.S):
        pairs = re.findall(r'\{"(\w+)", "([^"]*)"\}', operands)
        cores = [core.replace(" ", "") for _, core in pairs]
        if all(cores) and ".." not in "".join(cores):
            names = [text + ("?" if i >= int(required) else "") for i, (text, _) in enumerate(pairs)]
            yield name, names, re.findall(r'"(\w+)"', options), ",".join(cores) + "->" + result.replace(" ", "")


def renamed(signature, operands):
    """The signature of the first operands, its dims named by order of appearance."""
    arguments, result = signature.replace(" ", "").split("->")
    cores = re.findall(r"\([^)]*\)", arguments)[:operands] + [result]
    names = {}
    return [re.sub(r"[^(),]+", lambda dim: f"d{names.setdefault(dim[0], len(names))}", core) for core in cores]


def signature_faults(sections):
    rows = list(front_end_signatures())
    if len(rows) < 14:
        yield f"only {len(rows)} signatures of OpTable.cpp were read"
    for name, parameters, options, signature in rows:
        wanted = renamed(signature, len(parameters))
        described = re.search(r"^Cores: `(.*)`$", sections[name], re.M)[1].split(";")
        if wanted not in [renamed(cores, len(parameters)) for cores in described]:
            yield f"{name}: {signature} in OpTable.cpp, {described} in its .td"
        for codes, cores in language_rows():
            signatures = [core for core in cores if "->" in core]
            for code in codes:
                if code.split("(")[0] != name:
                    continue
                if wanted not in [renamed(core, len(parameters)) for core in signatures]:
                    yield f"{name}: {signature} in OpTable.cpp, {signatures} in LANGUAGE.md"
                words = re.findall(r"[\w?]+(?=[,)]|:)(?::[^,)]*)?", code.partition("(")[2])
                given = [word for word in words if ":" not in word]
                unknown = [word for word in words if ":" in word and word.split(":")[0] not in options]
                if "(" in code and (given != parameters or unknown):
                    yield f"{name}: `{code}` in LANGUAGE.md, {parameters} and {options} in OpTable.cpp"


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
    faults += signature_faults(sections)
    print("\n".join(faults) or f"{len(ops)} ops of the language, {len(contents)} of the dialect")
    return bool(faults) or len(ops) < 60 or len(contents) < 60


sys.exit(main(sys.argv[1]))
