"""The data that all other rooms share: exercises, rules, scorecards, observations. No torch; nothing is executed."""
