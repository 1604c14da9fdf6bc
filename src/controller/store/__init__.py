"""The table: specs, status, lock, history and requests. The layout of its items: `items`."""
