"""What words say of figures: in columns that a source does not use, in names of columns, in labels of links."""
