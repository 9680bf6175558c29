"""Policies: what is trained next, and what of it is stopped; a sampler and a pruner make one."""
