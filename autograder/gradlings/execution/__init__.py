"""Run student code in this process: limits, torch settings, drivers, devices."""
