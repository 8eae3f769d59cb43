"""The simulator: plant, faults, scenarios, runner, report; board/ is the virtual board."""
