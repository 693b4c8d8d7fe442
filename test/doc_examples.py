"""Every op of the language has its formula, and every example and numbered constraint of the .td files is tested.

  doc_examples.py LLVM_BIN

Each line of a ```mlir block in an op's description must occur in a test of test/dialect. Each constraint (Cn) of an op must
have its label op_cn in a check of the dialect and a test function of that name. What the source can write has a formula,
`y[i] = ..`, before its constraints. The descriptions come from llvm-tblgen --dump-json, so what a class composes counts
as well.
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Nothing in the source stands for an op of these: their meaning is that of others.
NOT_WRITTEN = ("BattenFunctionOps.td", "BattenTensorOps.td", "BattenPlanOps.td")


def records(llvm_bin):
    """All ops and types of the dialect: (name in a label, description, whether the source can write it)."""
    include = pathlib.Path(llvm_bin).parent / "include"
    command = [f"{llvm_bin}/llvm-tblgen", "--dump-json", f"-I{include}", f"-I{ROOT}", ROOT / "dialect/BattenOps.td"]
    table = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    for name in table["!instanceof"]["Op"]:
        record = table[name]
        is_written = record["!locs"][-1].split(":")[0].rsplit("/", 1)[-1] not in NOT_WRITTEN
        yield record["opName"], record["description"], is_written
    for name in table["!instanceof"]["TypeDef"]:
        if name.startswith("Batten"):
            yield table[name]["mnemonic"], table[name]["description"], False


def main(llvm_bin):
    tests = "\n".join(path.read_text() for path in sorted((ROOT / "test/dialect").glob("*.mlir")))
    test_lines = {line.strip() for line in tests.splitlines()}
    checks = "\n".join(path.read_text() for path in sorted((ROOT / "dialect").glob("*.*")))
    checked = set(re.findall(r"\b(\w+_c\d+)\b", checks))
    failures, examples, constraints = [], 0, 0
    for name, description, is_written in records(llvm_bin):
        formula = re.search(r"`[^`]* = [^`]*`", re.split("Constraints:|```", description)[0])
        if is_written and not formula:
            failures.append(f"{name}: its description has no formula")
        for block in re.findall(r"```mlir\n(.*?)```", description, re.S):
            for line in filter(None, map(str.strip, block.splitlines())):
                examples += 1
                if line not in test_lines:
                    failures.append(f"{name}: no test contains the example `{line}`")
        for number in re.findall(r"^\s*\* \(C(\d+)\)", description, re.M):
            constraints += 1
            label = f"{name}_c{number}"
            if label not in checked:
                failures.append(f"{label}: no check carries this label")
            if f"@{label}" not in tests:
                failures.append(f"{label}: no test function has this name")
    print("\n".join(failures) or f"{examples} examples and {constraints} constraints are tested")
    return bool(failures) or examples == 0


sys.exit(main(sys.argv[1]))
