"""Values exchanged by plugins, generators and the command line."""
