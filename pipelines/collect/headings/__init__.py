"""What the words around a table say of it: its years and parts of years, its unit, whether its figures are rates."""
