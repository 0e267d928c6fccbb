"""A student's file as cells of source: found, decoded, cut, fingerprinted. How one cell is run."""
