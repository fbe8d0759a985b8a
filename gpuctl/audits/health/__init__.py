"""Nodes and devices: what is broken, pressured, tainted or reported by agents."""
