"""Sheets of workbooks (xls, xlsx, ods), read by a separate process."""
