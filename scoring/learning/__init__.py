"""Past leads in, a scorecard a person can read out. What it rests on: docs/learning.md.

The learner knows a table and no database. learn.py is its verb; in reading order: table, guard (columns that know the
outcome), bins, shape (groups and pairs while they are learned), splits, anchored, pairs (ways to find them), logistic
(their weights), sizes (which way and how large), card (whole points), wording and report (what is said of it). csvfile
brings a file, for the command learn_scorecard.

Around it our own leads: readiness (are there enough), pastleads (each as it stood), job (a row, a worker), result (with
the live version and every doubt beside it), taught (which leads a version was learned from), draft (criteria in the
admin), refresh (monthly, or on drift), page.
"""
