"""Workers: train and measure candidates on a device; the only package that uses torch, loaded on first use."""
