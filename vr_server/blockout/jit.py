"""numba for the kernels of this package: compiled on first use, cached on disk, run without the GIL.

`parallel=True` stays off: two threads entering such kernels at once abort the process. Rows are shared out
over a thread pool instead (`workers.py`).
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt
import platformdirs

P = ParamSpec("P")
R = TypeVar("R")

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U16 = npt.NDArray[np.uint16]


def prepare_cache(package: Path) -> Path:
    """Choose where compiled kernels are kept, and drop those older than the sources.

    numba looks at the file of the outer kernel only, so a kernel that inlines a changed helper of another
    file would go on running the old code.
    """
    chosen = str(getattr(numba.config, "CACHE_DIR", ""))
    if not chosen and not os.access(package, os.W_OK):
        chosen = str(platformdirs.user_cache_path("vr-previs") / "numba")
        os.environ["NUMBA_CACHE_DIR"] = chosen
        numba.config.CACHE_DIR = chosen  # type: ignore[attr-defined]  # numba sets its options at run time
    folder = Path(chosen) if chosen else package / "__pycache__"
    folder.mkdir(parents=True, exist_ok=True)
    newest = max(source.stat().st_mtime for source in package.glob("*.py"))
    for index in folder.rglob("*.nbi"):
        # numba calls its per-package folder "<package>_<hash>" where it is not __pycache__
        ours = not chosen or package.name in index.parent.name
        if ours and index.exists() and index.stat().st_mtime < newest:
            index.unlink(missing_ok=True)
    return folder


prepare_cache(Path(__file__).parent)


# Reference counts are off (`_nrt`): kernels borrow their arrays and allocate nothing, and counting on arrays
# that several threads share made shading four times slower.
_EXACT: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
_FAST: dict[str, Any] = {**_EXACT, "fastmath": {"nsz", "arcp", "contract", "afn", "reassoc"}}


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile with IEEE arithmetic: where two triangles must agree on their common edge."""
    return cast("Callable[P, R]", numba.njit(cache=True, **_EXACT)(function))


def shading(function: Callable[P, R]) -> Callable[P, R]:
    """Compile with fast arithmetic, infinities kept: colour, not coverage or depth."""
    return cast("Callable[P, R]", numba.njit(cache=True, **_FAST)(function))


def part(function: Callable[P, R]) -> Callable[P, R]:
    """Like `shading`, for what runs per pixel: inlined into the kernel that uses it."""
    return cast("Callable[P, R]", numba.njit(forceinline=True, **_FAST)(function))
