"""rows - what is measured, a module a kind of work; each has `specs()`.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import importlib

MODULES = ["matrices", "attention", "elementwise", "convolutions", "models"]


def all_specs():
    return [spec for name in MODULES for spec in importlib.import_module(f"rows.{name}").specs()]
