"""What each role can do, as commands: `python -m scripts.act <role> <action>`."""
