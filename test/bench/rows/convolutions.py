"""convolutions.py - those of ResNet-50, with bias, images as [N, C, H, W].

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

from functools import partial

from row import PROGRAMS, Graph, Row, Source, Spec


def convolution_node(graph, x, w, b, kernel, stride, pad):
    return graph("Conv", x, w, b, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)


def convolution(n, size, c, o, kernel, stride, pad, dtype, name):
    data = Source(name, dtype)
    graph = Graph({"x": data.normal(n, c, size, size)})
    weights = {"w": data.normal(o, c, kernel, kernel, scale=(c * kernel * kernel) ** -0.5), "b": data.normal(o)}
    graph.constants |= weights
    convolution_node(graph, "x", "w", "b", kernel, stride, pad)
    out = (size + 2 * pad - kernel) // stride + 1
    flops = 2 * n * out * out * o * c * kernel * kernel
    fields = {"w": "w", "b": "b"}
    row = Row(PROGRAMS / "convolution.btn", "forward", [n], graph, flops, (n, o, out, out), ["x"], fields, dtype=dtype)
    row.dims = {"C": c, "O": o, "S": size, "K": kernel, "Stride": stride}
    return row


SHAPES = [
    (56, 64, 64, 3, 1, 1),
    (28, 128, 128, 3, 1, 1),
    (14, 256, 256, 3, 1, 1),
    (7, 512, 512, 3, 1, 1),
    (56, 256, 64, 1, 1, 0),
    (56, 64, 256, 1, 1, 0),
    (14, 1024, 256, 1, 1, 0),
    (224, 3, 64, 7, 2, 3),
    (56, 128, 128, 3, 2, 1),
    (56, 256, 512, 1, 2, 0),
]


def specs():
    rows = []
    for dtype, counts in (("f32", (1, 16)), ("bf16", (1,))):
        for n in counts:
            for shape in SHAPES:
                size, c, o, kernel, stride, pad = shape
                name = (
                    f"conv {kernel}x{kernel} {c}-{o} @{size}{f' stride {stride}' if stride > 1 else ''}, N {n} {dtype}"
                )
                make = partial(convolution, n, *shape, dtype, name)
                rows.append(Spec(name, "convolution", make, quick=(c, kernel, n, dtype) == (128, 3, 1, "f32")))
    return rows
