"""The only code that moves data: file -> raw -> core -> out, one module for each step."""
