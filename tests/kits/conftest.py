"""The kits in here are material for tests: their checks are run on copies, never collected with the project's tests."""

collect_ignore_glob = ["*"]
