"""The simulated agency."""
