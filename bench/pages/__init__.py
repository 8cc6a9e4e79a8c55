"""The pages that are measured: ours, Flask-AppBuilder's own, and a bare Flask page over the same rows."""
