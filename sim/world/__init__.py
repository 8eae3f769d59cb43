"""The world around the controller: sewer, plant, sensors and what breaks. Written to be compiled (see sim.fast)."""
