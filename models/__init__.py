"""Encoders: how they are described, run, trained, exported and measured."""
