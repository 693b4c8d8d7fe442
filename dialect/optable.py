"""Makes the op reference from the descriptions in BattenOps.td.

  llvm-tblgen --dump-json BattenOps.td | optable.py > ops.md

Operands are shown as `name:kind` (kind: any, float, number, integer, bool; `?` behind an optional one, `*` behind a
variadic one), attributes as `name:type` (`?` behind one with a default).
"""

import inspect
import json
import re
import sys

FAMILIES = {
    "BattenFunctionOps.td": "Functions",
    "BattenElementwiseOps.td": "Element-wise",
    "BattenContractionOps.td": "Contractions",
    "BattenReductionOps.td": "Reductions and norms",
    "BattenLossOps.td": "Losses",
    "BattenOrderOps.td": "Order",
    "BattenShapeOps.td": "Shapes",
    "BattenWindowOps.td": "Convolution and pools",
    "BattenGatherOps.td": "Gather and state",
    "BattenAttentionOps.td": "Attention",
    "BattenTensorOps.td": "Tensors of the linalg form",
    "BattenPlanOps.td": "Plans",
}
NOT_WRITTEN = ("Functions", "Tensors of the linalg form", "Plans")  # nothing in the source stands for one of these
ELEMENTS = {"Batten_AnyTensor": "any", "Batten_FloatTensor": "float", "Batten_NumberTensor": "number",
            "Batten_IntegerTensor": "integer", "Batten_BoolTensor": "bool"}

# What the source language writes otherwise, or otherwise too; all other ops have one name in both.
SPELLINGS = {
    "@": "matmul", ".T": "transpose", "+": "add", "-": "sub neg", "*": "mul", "/": "div", "%": "rem", "==": "eq",
    "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "&&": "and", "||": "or", "!": "not", "as": "cast",
    "x[| a:b]": "slice", "[a, b]": "stack", "a number": "constant", "a dim as a number": "dim",
    "sum": "reduce reduce_batch", "mean": "reduce reduce_batch", "var": "reduce reduce_batch",
    "any": "reduce reduce_batch", "all": "reduce reduce_batch", "max": "reduce reduce_batch max",
    "min": "reduce reduce_batch min", "split": "slice", "flatten": "rearrange", "rearrange": "rearrange", "zeros": "fill",
    "fill": "fill", "matmul": "matmul",
}


class Op:
    def __init__(self, table, record):
        self.name = record["opName"]
        self.summary = record["summary"]
        self.description = inspect.cleandoc(record["description"])
        file, line = re.match(r"(.*):(\d+)", record["!locs"][-1]).groups()
        self.file, self.line = file.rsplit("/", 1)[-1], int(line)
        self.operands, self.attributes = [], []
        for argument, name in record["arguments"]["args"]:
            self.add_argument(table, table[argument["def"]], argument["def"], name)
        self.cores = record.get("coreSignature")  # of ops on tensors

    def add_argument(self, table, definition, key, name):
        bases = definition["!superclasses"]
        if "TypeConstraint" in bases:
            mark = "*" if "Variadic" in bases else "?" if "Optional" in bases else ""
            while "baseType" in definition:
                key = definition["baseType"]["def"]
                definition = table[key]
            self.operands.append(f"{name}:{ELEMENTS.get(key, key)}{mark}")
        else:
            optional = definition.get("isOptional") or definition.get("defaultValue") not in (None, "")
            self.attributes.append(f"{name}:{attribute_type(table, definition)}{'?' if optional else ''}")


def attribute_type(table, definition):
    """"string", "i64", "bool" ...: the innermost attribute's C++ class, in a word."""
    while definition.get("baseAttr"):
        definition = table[definition["baseAttr"]["def"]]
    name = definition["storageType"].strip().rsplit("::", 1)[-1].removesuffix("Attr")
    return {"Integer": "i64", "Float": "f64"}.get(name, name.lower())


def read(stream):
    table = json.load(stream)
    ops = [Op(table, table[name]) for name in table["!instanceof"]["Op"]]
    order = list(FAMILIES)
    return sorted(ops, key=lambda op: (order.index(op.file), op.line, op.name))


def spellings(ops):
    """Of each op its words in the source, in the order of `ops`."""
    written = {op.name: [] for op in ops}
    for word, names in SPELLINGS.items():
        for name in names.split():
            written[name].append(word)
    for op in ops:
        if not any(op.name in names.split() for names in SPELLINGS.values()):
            written[op.name].append(op.name)
    return written


def contents(ops):
    """A table: what the source writes, and where it is said what that means."""
    print("\n| in the source | operation | gives |\n|---|---|---|")
    written = spellings(ops)
    for op in ops:
        words = ", ".join(word if word.startswith("a ") else f"`{word}`" for word in written[op.name])
        cells = [words, f"[`batten.{op.name}`](#{op.name})", op.summary]
        print("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")


def reference(ops):
    print("# Operations of the batten dialect\n")
    print("Made from `dialect/*.td`. Core dims only; every op lifts over the batch.")
    contents([op for op in ops if FAMILIES[op.file] not in NOT_WRITTEN])
    family = None
    for op in ops:
        if FAMILIES[op.file] != family:
            family = FAMILIES[op.file]
            print(f"\n## {family}")
        print(f'\n<a id="{op.name}"></a>\n### `batten.{op.name}`: {op.summary}\n')
        if op.cores:
            print(f"Cores: `{op.cores}`\n")
        if op.operands:
            print("Operands: " + ", ".join(f"`{operand}`" for operand in op.operands) + "\n")
        if op.attributes:
            print("Attributes: " + ", ".join(f"`{attribute}`" for attribute in op.attributes) + "\n")
        print(op.description)


if __name__ == "__main__":
    reference(read(sys.stdin))
