"""vr-previs: an immersive preview server for film directors."""

__version__ = "0.1.0"
