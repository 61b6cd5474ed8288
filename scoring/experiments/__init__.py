"""Champion against challengers: docs/experiments.md.

sequential  when a comparison that is looked at several times may stop, and how many cases it needs
anytime     when a difference that is watched all the time may be called one
compare     two sides with several teams: the difference, its error, the statistic
plan        what can be found with how many leads, and how long that takes, before the start
taken       which models are taken by an experiment, and until when
running     start, stop, promote
ending      what follows when one has ended
counts      what came of the leads of each side
looks       the scheduled looks, and what was seen
guards      what must not get worse meanwhile
verdict     all of it in words
tables      the outcomes, with rates, intervals and differences
page        what the page shows, put together
lead        what both sides say of one lead
"""
