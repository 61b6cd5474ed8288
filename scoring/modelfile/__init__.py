"""A model as a file: readable YAML in a stable order, so that two of them compare line by line.

What it looks like: docs/model-files.md. dump writes one, read checks one, apply makes a draft of it.
"""
