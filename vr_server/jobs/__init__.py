"""What is asked of the server, kept on disk before it is done, and done in worker processes."""

from .estimating import Estimate
from .inputs import InputMaker
from .making import RenditionSettings, TakeMaker
from .ordering import Asked, Ordering, Spending
from .orders import OrderDesk
from .pool import PoolSettings, WorkerPool
from .previews import Previews
from .production import Production, ProductionSettings, ProjectState, TakeQueue
from .remote import RemoteMaker
from .workflows import DurableTakeQueue

__all__ = [
    "Asked",
    "DurableTakeQueue",
    "Estimate",
    "InputMaker",
    "OrderDesk",
    "Ordering",
    "PoolSettings",
    "Previews",
    "Production",
    "ProductionSettings",
    "ProjectState",
    "RemoteMaker",
    "RenditionSettings",
    "Spending",
    "TakeMaker",
    "TakeQueue",
    "WorkerPool",
]
