"""The forecast: what open leads, open deals and leads still to come will bring, month by month, and how sure that is.

The way of the data:

counting/     the evidence: what was seen of leads and deals, as it was known at a moment
simulation/   evidence → draws of everything not known → paths of revenue
store         the latest forecast and the record of past ones, as rows; all of this happens in the worker
              (what follows reads these rows)
months        what some teams should bring, month by month            }
record        forecast against actual                                 } the four tables,
basis         what it rests on, label by label                        } as page, CSV and API
capacity      what reps can take against the handoffs to come         }
assumptions   what a manager overrules, its effect, and the way back
scenarios     what if there were more leads, or more reps
replay        past forecasts made again with what was known then, beside simpler ways to say the same
page, charts, forms, views, api

horizon (the months ahead), lifetable (how long things took) and scope (whose forecast) serve all of them.
docs/forecast.md says it in words.
"""
