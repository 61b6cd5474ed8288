"""The one condition language: criteria, audiences, segments, alert rules and list filters all speak it.

    grammar      JSON ↔ tree
    operators    one table: key, sentence, types, SQL, what an unknown value does
    terms        the fields of a lead, and the SQL that reads them
    vocabulary   what may be asked of a lead in this installation
    compile      tree → Q
    describe     tree → sentence
    formfields   the model field that keeps a condition

docs/conditions.md explains the language to the people who write in it.
"""

from leads.conditions.formfields import ConditionField
from leads.conditions.grammar import ConditionError, parse

__all__ = ["ConditionError", "ConditionField", "parse"]
