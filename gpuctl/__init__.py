"""gpuctl: diagnose GPU clusters, and never change anything."""

__version__ = "0.1.0"
