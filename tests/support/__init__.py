"""What several tests share. On the path as `support`: see pyproject.toml."""
