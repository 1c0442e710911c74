"""Set-up scripts that run before anything is installed: standard library only, importable by any Python 3.11."""
