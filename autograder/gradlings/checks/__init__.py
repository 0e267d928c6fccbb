"""What a file of checks uses: probes, `agree`, `satisfies`; one verdict a call."""
