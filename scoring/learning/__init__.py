"""Past leads in, a scorecard a person can read out. What it rests on: docs/learning.md.

learn(table) is the one verb; proposals.py asks it about our own leads, the command learn_scorecard about any file.
"""
