"""Read an .mlpackage from disk and run its ML program anywhere, one operation after another."""
