"""Measure the search in public: labelled queries through the engine, figures into docs/.

Run by `make eval` in a database of its own. Everything is seeded: the same code gives the same
figures, but for the approximate index of large galleries.
"""
