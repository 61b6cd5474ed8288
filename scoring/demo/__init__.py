"""The demo: a fictional company, Tessera Automation, and one year of its leads. docs/demo.md tells the story.

words       names, places, titles, pages
people      teams, the people who work here, the demo logins
calendar    the year that ends today, its seasons and working hours
companies   where the leads work
story       who buys and why: hidden traits → what we see of a person → won or not
campaigns   which campaign brought whom
behaviour   hidden traits → what a person does
load        companies, leads and events into the database, in bounded memory
model       the scoring model marketing would have written
decisions   what sales says about a lead it is handed
history     the year replayed: standings day by day, handoffs, answers
deals       what came of it
office      hours, promises, territories, who is away
teamwork    segments, rules and who crossed them, nurture lists, talk
trial       an experiment that has ended: every A lead to sales at once, or those who have shown interest
shadow      one that runs: version 1 in the shadow of what is live
build       the whole, in order
"""
