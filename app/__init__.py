"""The window and the command line of Sightword. Joins models and indexer; Qt lives only here."""
