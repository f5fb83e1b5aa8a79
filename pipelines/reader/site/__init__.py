"""A static site from one release, without external assets, that works from any file server."""
