"""The pages of the reports. Each asks the same functions as the CSV and the API, for the scope in its address.

overview   the key figures, the funnel, labels, handoffs, reasons; in the order of who reads
pages      impact of scoring, the funnel by month, the score itself, sources, sales' answers
behind     the leads and the handoffs that are counted in a figure
costs      what sources cost, month by month
digest     the week that is mailed on Mondays
files      the tables as CSV
frame      what every page has: the scope, the tabs, how old the figures are
"""
