"""An independent attacker of the control core: a plant, random stories and judges that its author did not write."""
