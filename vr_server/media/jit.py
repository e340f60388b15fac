"""numba with types: kernels compile on first use, are cached on disk and run without the GIL."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` with numba (nopython, no GIL, cached). `parallel` stays off: two threads in it abort."""
    return cast("Callable[P, R]", numba.njit(nogil=True, cache=True)(function))
