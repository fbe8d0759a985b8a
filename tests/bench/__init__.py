"""Measurements: ratios between gpuctl and what people use today, both sides in one run."""
