"""torch_compile.py - torch.compile with frozen weights, on request.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

from peers import torch as eager

NAME = "torch_compile"
version, refuses = eager.version, eager.refuses


def prepare(row, threads):
    import torch
    import torch._inductor.config as settings

    settings.freezing = True
    return eager.prepare(row, threads, torch.compile, NAME)
