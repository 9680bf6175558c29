"""The native engine: a list of candidates of exact shape, one a core at a time, in C++ behind a plain C ABI."""
