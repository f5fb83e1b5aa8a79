"""A site of static pages from one release: no JavaScript, no asset of another machine, works from any file server."""
