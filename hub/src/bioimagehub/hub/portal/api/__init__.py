"""The API of the portal: JSON, for those who hold a token of the hub."""
