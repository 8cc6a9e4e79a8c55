"""What stands around every page: side menu, acting post, home by role, the search box."""
