"""From out to people: an open release, its series, and pictures of them."""
