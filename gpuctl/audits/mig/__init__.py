"""MIG: layouts, labels and resources that agree, or do not."""
