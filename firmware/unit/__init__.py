"""The firmware of a treatment unit: catalogues, control, journal, uplink, console, drivers."""
