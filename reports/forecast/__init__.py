"""The forecast: what open leads, open deals and leads still to come will bring, month by month, and how sure that is.

horizon      the months that are forecast, as days from the moment of the forecast
evidence     what a forecast rests on: counts, nothing else
lifetable    how long things took, those still open among them
counting     the evidence from the database, as it was known at a moment (counting_deals, counting_leads)
shrinkage    small groups borrow from the whole, and say how sure they are
parameters   evidence → draws of everything that is not known
flows        draws → deals opened and won, month by month
simulate     draws → paths of revenue, and their intervals
assumptions  the table a manager may question, overrule and take back
scenarios    what if there were more leads, or more reps
capacity     what reps can take against the handoffs to come, week by week
store        the latest forecast and the record of past ones, as rows
record       forecast against actual
replay       past forecasts made again with what was known then

docs/forecast.md says it in words.
"""
