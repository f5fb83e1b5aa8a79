"""Sheets of workbooks (xls, xlsx, ods), read by a program of its own."""
