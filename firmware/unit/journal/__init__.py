"""The journal: one ring log of readings, events and snapshots on raw flash. docs/journal.md describes its bytes."""
