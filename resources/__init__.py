"""Data that travels with the program: the default encoder, icons and style."""
