"""The contracts as their interfaces describe them, in Python: what each call does, or how it is refused."""
