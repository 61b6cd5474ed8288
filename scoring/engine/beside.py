"""The statements for scores beside the standing: those of models that do not decide it, and of the other sides of
experiments. Compiled once for each set of versions and kept, like the one that decides.
"""

from dataclasses import replace
from functools import lru_cache
from itertools import chain
from typing import Any

from django.db.models import Q

from leads.conditions.compile import compile
from leads.conditions.grammar import All, AnyOf, Node, Not, parse
from leads.conditions.vocabulary import Vocabulary
from scoring.engine.definition import Definition, load
from scoring.engine.evaluate import Compiled, activity, audience_of, excluded_sql, version_sql
from scoring.engine.expressions import EngineScope
from scoring.engine.sides import sides_of
from scoring.models import Version


def others_for(version_ids: tuple[int, ...], *, dense: bool = False) -> Compiled | None:
    """The statement for scores beside the deciding ones: of each version for the leads of its audience that an earlier
    version claims. A row without a version says when a lead may come to be one of them. None: there is one version.
    """
    if len(version_ids) < 2:
        return None
    sides = sides_of(version_ids)
    models = tuple(pk for pk in version_ids if not sides.on_trial(pk))
    return _compile_others(models, activity(models), dense) if len(models) > 1 else None


def trials_for(version_ids: tuple[int, ...]) -> Compiled | None:
    """The statement for what the other sides of experiments say: of each version on either side of one for the leads
    that the experiment is about and another version decides. None: nothing is on trial.
    """
    if len(version_ids) < 2 or not sides_of(version_ids).sides:
        return None
    return _compile_trials(version_ids, activity(version_ids))


@lru_cache(maxsize=32)
def _compile_trials(version_ids: tuple[int, ...], by_lead: frozenset[int]) -> Compiled:
    rows = Version.objects.in_bulk(version_ids)
    vocabulary, sides = replace(Vocabulary.load(), by_lead=by_lead), sides_of(version_ids)
    earlier: list[Any] = []
    parts: list[tuple[str, list]] = []
    for pk in version_ids:
        definition = load(rows[pk].definition)
        if (others := sides.scored_beside(pk)) is not None:
            scope = EngineScope(vocabulary)
            belongs = audience_of(definition.audience, earlier, scope) & others
            parts.append(version_sql(pk, definition, belongs, scope))
        if not sides.on_trial(pk):
            earlier.append(definition.audience)
    return Compiled(" UNION ALL ".join(f"({sql})" for sql, _ in parts), tuple(chain(*(params for _, params in parts))))


@lru_cache(maxsize=32)
def _compile_others(version_ids: tuple[int, ...], by_lead: frozenset[int], dense: bool) -> Compiled:
    rows = Version.objects.in_bulk(version_ids)
    vocabulary = replace(Vocabulary.load(), by_lead=by_lead)
    earlier: list[Any] = []
    parts: list[tuple[str, list]] = []
    for pk in version_ids:
        definition = load(rows[pk].definition)
        if earlier and (meant := _beside(definition.audience, earlier)):
            for part, sql in ((meant, version_sql), (Not(meant), _without_version)):
                scope = EngineScope(vocabulary, dense)
                parts.append(sql(pk, definition, compile(part, scope), scope))
        elif earlier:
            parts.append(version_sql(pk, definition, Q(), EngineScope(vocabulary, dense)))
        earlier.append(definition.audience)
    return Compiled(" UNION ALL ".join(f"({sql})" for sql, _ in parts), tuple(chain(*(params for _, params in parts))))


def _beside(audience: Any, earlier: list[Any]) -> Node | None:
    """Who belongs to the audience and to one of the earlier ones; None: everybody."""
    asked = [] if audience is None else [parse(audience)]
    if None not in earlier:
        asked.append(AnyOf(tuple(map(parse, earlier))))
    return All(tuple(asked)) if asked else None


def _without_version(pk: int, definition: Definition, belongs: Q, scope: EngineScope) -> tuple[str, list]:
    return excluded_sql(belongs, scope)
