"""The process: options, service, assembly, commands."""
