"""Train and measure candidates on a device. torch lives here and only here; importing this package does not load it."""
