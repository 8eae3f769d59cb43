"""Benchmarks against the alternatives: one file a bench, each with `main()`; `python -m sim.bench` runs them all."""
