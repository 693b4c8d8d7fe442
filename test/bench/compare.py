"""compare.py - Batten's time in a row beside that of the best peer.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

OURS = ("batten", "batten (ctypes)")


def times(record):
    return {name: cell["seconds"]["median"] for name, cell in record["contenders"].items()}


def best_peer(record):
    """(name, seconds) of the quickest other library, or None."""
    others = {name: t for name, t in times(record).items() if name not in OURS}
    return min(others.items(), key=lambda item: item[1], default=None)


def ratio(record):
    """The best peer's time over Batten's: above 1, Batten is quicker. None where there is no such pair."""
    best = best_peer(record)
    return best[1] / times(record)["batten"] if best and "batten" in record["contenders"] else None


def gated(record):
    """Whether the ratio is of accepted runs alone: Batten's, the best peer's, and of who may be quicker when undisturbed."""
    if ratio(record) is None:
        return False
    name, seconds = best_peer(record)
    cells = record["contenders"]
    may_be_best = any(not c["gated"] and c["seconds"]["min"] < seconds for n, c in cells.items() if n not in OURS)
    return cells["batten"]["gated"] and cells[name]["gated"] and not may_be_best
