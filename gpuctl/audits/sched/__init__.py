"""Pods that cannot start, do not end, or sit where they should not."""
