"""What runs apart from a page: imports and exports."""
