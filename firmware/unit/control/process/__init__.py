"""One recipe a treatment process, over the same claims and protection."""
