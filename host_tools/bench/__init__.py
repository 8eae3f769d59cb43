"""Benchmarks of what only the tools of the PC can do; `python -m host_tools.bench` runs those of sim.bench too."""
