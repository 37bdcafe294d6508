"""Several label columns at once: one encoder, a head for each."""
