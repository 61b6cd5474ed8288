"""What past leads and sales' answers speak for: edits of a draft, one at a time, with their evidence.

cases.py reads past leads by the draft, weighing.py asks where their outcome is not what the score promised, edits.py
makes an edit of it and says what it would do, counting.py does all that when it is due, deciding.py puts an edit into
the draft or keeps it away. What it rests on: docs/learning.md.
"""
