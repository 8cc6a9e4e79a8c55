"""The kernel: it knows no domain and imports nothing of ours (design: house, section 2)."""
