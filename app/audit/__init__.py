"""Change log, access log, hash chain: what was done and by whom can be shown and cannot be changed."""
