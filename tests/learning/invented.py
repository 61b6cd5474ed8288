"""Leads whose truth is known."""

import numpy as np

from scoring.learning.table import Column, Table, number_column, text_column

SOURCES = np.array(["Referral", "Web", "Fair", "Bought list"])


def leads(n: int = 3_000, seed: int = 0) -> Table:
    """Truth: referrals +2, bought lists −1.5, 10 visits or more +1.5, unknown visits −0.7; Web and Yes together +2."""
    chance = np.random.default_rng(seed)
    source = SOURCES[chance.integers(0, 4, n)]
    visits = np.where(chance.random(n) < 0.1, np.nan, chance.integers(0, 20, n).astype(float))
    call = np.where(chance.random(n) < 0.5, "Yes", "No")
    logit = -1.5 + 2.0 * (source == "Referral") - 1.5 * (source == "Bought list")
    logit += 1.5 * (visits >= 10) - 0.7 * np.isnan(visits) + 2.0 * ((source == "Web") & (call == "Yes"))
    won = chance.random(n) < 1 / (1 + np.exp(-logit))
    columns = (
        text_column("Source", source.tolist()),
        Column("Visits", "number", visits),
        text_column("Wants a call", call.tolist()),
        number_column("Weather", chance.normal(size=n).tolist()),
    )
    return Table(columns, won, np.arange(n, dtype=float))


def chance_leads(n: int, seed: int) -> Table:
    """Nothing says anything."""
    table, chance = leads(n, seed), np.random.default_rng(seed + 1_000)
    return Table(table.columns, chance.random(n) < 0.3, table.order)


def with_column(table: Table, column: Column) -> Table:
    return Table((*table.columns, column), table.won, table.order)
