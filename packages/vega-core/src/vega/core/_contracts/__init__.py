"""The values that plugins, generators and the command line exchange."""
