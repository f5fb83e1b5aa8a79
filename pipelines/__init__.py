"""The only code that moves data: file -> raw -> core -> out, one step a module."""
