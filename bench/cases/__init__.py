"""A year of proxy cases, as the services would have written it, and the pages that read it."""
