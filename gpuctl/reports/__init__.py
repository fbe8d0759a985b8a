"""Reports in the styles that programs and people read."""
