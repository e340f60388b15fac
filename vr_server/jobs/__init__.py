"""What is asked of the server, kept on disk before it is done, and done in worker processes."""

from .production import Production, ProductionSettings, ProjectState, TakeQueue

__all__ = ["Production", "ProductionSettings", "ProjectState", "TakeQueue"]
