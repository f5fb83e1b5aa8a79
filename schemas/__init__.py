"""What data must look like: declarations of columns, tables, code lists and rules, and the functions that read them."""
