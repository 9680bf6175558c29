"""Optimizers: one file an optimizer, its hyper-parameters and its torch form."""
