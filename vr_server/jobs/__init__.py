"""What is asked of the server, kept on disk before it is done, and done in worker processes."""

from .making import RenditionSettings, TakeMaker
from .pool import PoolSettings, WorkerPool
from .production import Production, ProductionSettings, ProjectState, TakeQueue
from .workflows import DurableTakeQueue

__all__ = [
    "DurableTakeQueue",
    "PoolSettings",
    "Production",
    "ProductionSettings",
    "ProjectState",
    "RenditionSettings",
    "TakeMaker",
    "TakeQueue",
    "WorkerPool",
]
