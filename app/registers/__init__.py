"""Light registers: each is one package of at most forty lines, with a model and one view (docs/registers.md)."""
