"""Forms of exports and ledgers."""
