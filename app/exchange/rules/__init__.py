"""Pure rules of imports and of ledgers."""
