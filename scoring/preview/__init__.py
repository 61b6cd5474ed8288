"""A draft before it goes live: one evaluation of every lead, and of past leads, feeds all that its page says."""
