"""Benchmarks: each module of this folder is one (``make bench``); what they are made of lies in the folders below."""
