"""What the words around a table reveal: its years and parts of years, its unit, whether its figures are rates."""
