"""What everything speaks of: exercises, rules, scorecards, observations. Frozen data; no torch, nothing runs."""
