"""Convolutions, channels last: forward, and the gradients for the input and for the kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks.grid.case import Call, Case, jitted, numbers

DIRECTIONS = ("forward", "input", "kernel")


class Conv(NamedTuple):
    """A convolution: x (batch, *sizes, channels), the kernel's size along each axis, filters.

    Attributes:
        padding: along each axis, on both sides; None for half a kernel, rounded down.
    """

    x: tuple[int, ...]
    kernel: tuple[int, ...]
    filters: int
    stride: int = 1
    padding: int | None = None
    dilation: int = 1
    groups: int = 1

    @property
    def axes(self) -> int:
        """How many spatial axes there are."""
        return len(self.kernel)

    @property
    def paddings(self) -> tuple[int, ...]:
        """The padding along each axis."""
        if self.padding is not None:
            return (self.padding,) * self.axes
        return tuple((k - 1) * self.dilation // 2 for k in self.kernel)

    @property
    def w(self) -> tuple[int, ...]:
        """Shape of the kernel."""
        return (*self.kernel, self.x[-1] // self.groups, self.filters)

    @property
    def y(self) -> tuple[int, ...]:
        """Shape of the result."""
        sizes = (
            (n + 2 * p - (k - 1) * self.dilation - 1) // self.stride + 1
            for n, p, k in zip(self.x[1:-1], self.paddings, self.kernel, strict=True)
        )
        return (self.x[0], *sizes, self.filters)

    def __str__(self) -> str:
        name = "x".join(map(str, self.x)) + ", " + "x".join(map(str, self.kernel))
        words = {"stride": 1, "padding": None, "dilation": 1, "groups": 1}
        more = [
            f"{word} {getattr(self, word)}"
            for word, usual in words.items()
            if getattr(self, word) != usual
        ]
        return " ".join([f"{name} to {self.filters}", *more])


def square(
    batch: int, size: int, channels: int, kernel: int, filters: int, stride: int = 1, **more: int
) -> Conv:
    """A convolution of square images with a square kernel."""
    return Conv((batch, size, size, channels), (kernel, kernel), filters, stride, **more)


SHAPES = [
    # three that networks of images spend their time in
    square(16, 32, 64, 3, 64), square(4, 56, 64, 3, 128), square(16, 14, 256, 3, 256),
    # digits
    square(128, 28, 1, 3, 32, padding=0), square(128, 13, 32, 3, 64, padding=0),
    square(64, 28, 1, 5, 6), square(64, 14, 6, 5, 16, padding=0), square(1, 28, 1, 3, 8),
    # small residual networks
    square(64, 32, 3, 3, 16), square(64, 32, 16, 3, 16), square(64, 32, 16, 3, 32, 2),
    square(64, 32, 16, 1, 32, 2), square(64, 16, 32, 3, 32), square(64, 8, 64, 3, 64),
    # large residual networks, VGG, patches of a Transformer
    square(1, 224, 3, 7, 64, 2), square(4, 224, 3, 7, 64, 2), square(4, 56, 64, 1, 256),
    square(4, 56, 256, 1, 64), square(4, 56, 64, 3, 64), square(4, 28, 128, 3, 128),
    square(4, 28, 512, 1, 128), square(4, 56, 128, 3, 128, 2), square(4, 56, 256, 1, 512, 2),
    square(8, 14, 1024, 1, 256), square(8, 7, 512, 3, 512), square(1, 7, 512, 3, 512),
    square(8, 7, 2048, 1, 512), square(1, 224, 3, 3, 64), square(1, 112, 64, 3, 128),
    square(4, 224, 3, 16, 192, 16, padding=0),
    # by channel, in groups
    square(4, 56, 64, 3, 64, groups=64), square(4, 28, 192, 3, 192, 2, groups=192),
    square(8, 14, 384, 5, 384, groups=384), square(1, 112, 32, 3, 32, groups=32),
    square(4, 28, 128, 3, 128, groups=32), square(4, 14, 256, 3, 256, groups=4),
    # dilated
    square(2, 28, 256, 3, 256, dilation=2), square(4, 32, 32, 3, 32, dilation=4),
    # odd sizes, few channels, few filters
    Conv((3, 17, 19, 13), (3, 5), 29), Conv((5, 31, 33, 7), (3, 3), 11), square(1, 9, 3, 3, 5),
    square(32, 7, 33, 3, 65), square(2, 30, 24, 3, 48, padding=0), square(1, 128, 32, 3, 32),
    square(2, 64, 64, 3, 3), square(4, 64, 16, 3, 1),
    # generators
    square(32, 16, 64, 4, 128, 2, padding=1), square(32, 32, 3, 4, 64, 2, padding=1),
    # one axis, three axes
    Conv((16, 128, 64), (3,), 64), Conv((32, 1000, 1), (9,), 16),
    Conv((8, 2048, 32), (5,), 32, dilation=2), Conv((4, 16000, 1), (80,), 32, 4, padding=38),
    Conv((2, 16, 16, 16, 16), (3, 3, 3), 32), Conv((4, 8, 8, 8, 64), (3, 3, 3), 64),
    Conv((1, 32, 32, 32, 1), (3, 3, 3), 16),
]  # fmt: skip


def cases() -> Iterator[Case]:
    """Each shape three times."""
    for conv in SHAPES:
        flops = 2 * conv.filters
        for n in (*conv.y[:-1], *conv.w[:-1]):
            flops *= n
        for direction in DIRECTIONS:
            yield Case(
                f"{conv} {direction}",
                flops,
                lambda conv=conv, direction=direction: ours(conv, direction),
                lambda conv=conv, direction=direction: theirs(conv, direction),
            )


def operands(conv: Conv, direction: str) -> tuple[tuple[int, ...], ...]:
    """The shapes that are given: x and w, g and w, x and g."""
    given = {"forward": (conv.x, conv.w), "input": (conv.y, conv.w), "kernel": (conv.x, conv.y)}
    return given[direction]


def ours(conv: Conv, direction: str) -> Call:
    """The call of neurona."""
    from neurona.core.op import OPS

    geometry: dict[str, Any] = {
        "strides": (conv.stride,) * conv.axes,
        "padding": tuple((p, p) for p in conv.paddings),
        "dilation": (conv.dilation,) * conv.axes,
        "groups": conv.groups,
    }
    name, more = {
        "forward": ("convolution", {}),
        "input": ("conv_input_gradient", {"size": conv.x[1:-1]}),
        "kernel": ("conv_kernel_gradient", {"kernel_size": conv.kernel}),
    }[direction]
    return jitted(lambda a, b: OPS[name](a, b, **geometry, **more), operands(conv, direction))


def theirs(conv: Conv, direction: str) -> Call:
    """The call of torch, in the faster one of its layouts."""
    import torch

    torch.set_grad_enabled(False)
    channels_last = {1: None, 2: torch.channels_last, 3: torch.channels_last_3d}[conv.axes]
    calls = []
    for layout in {torch.contiguous_format, channels_last or torch.contiguous_format}:
        given = {
            name: tensor.contiguous(memory_format=layout)
            for name, tensor in tensors(conv, direction).items()
        }
        calls.append(call_of_torch(conv, direction, given))
    return min(calls, key=taken)


def tensors(conv: Conv, direction: str) -> dict[str, Any]:
    """The operands as torch orders axes, and one more whose shape alone counts."""
    import torch

    spatial = range(1, conv.axes + 1)
    images = (0, conv.axes + 1, *spatial)
    kernel = (conv.axes + 1, conv.axes, *range(conv.axes))
    names = {"forward": "xw", "input": "gw", "kernel": "xg"}[direction]
    arrays = map(torch.from_numpy, numbers(operands(conv, direction)))
    given = dict(zip(names, arrays, strict=True))
    for name, shape in (("x", conv.x), ("w", conv.w), ("g", conv.y)):
        given.setdefault(name, torch.zeros(shape))
    return {name: t.permute(kernel if name == "w" else images) for name, t in given.items()}


def call_of_torch(conv: Conv, direction: str, given: dict[str, Any]) -> Call:
    import torch

    axes = conv.axes
    x, w, g = given["x"], given["w"], given["g"]
    stride, dilation, padding = [conv.stride] * axes, [conv.dilation] * axes, list(conv.paddings)
    if direction == "forward":
        function: Callable = getattr(torch.nn.functional, f"conv{axes}d")
        return lambda: function(x, w, None, stride, padding, dilation, conv.groups)
    wanted = [direction == "input", direction == "kernel", False]
    return lambda: torch.ops.aten.convolution_backward(
        g, x, w, None, stride, padding, dilation, False, [0] * axes, conv.groups, wanted
    )


def taken(call: Call) -> float:
    """The least seconds of some calls."""
    call()
    seconds = []
    for _ in range(3):
        begin = perf_counter()
        call()
        seconds.append(perf_counter() - begin)
    return min(seconds)
