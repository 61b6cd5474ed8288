"""The only signal of the project.

`leads_due` says that some standings became due. It carries no ids: the rows themselves know that they are due. It is
sent inside the transaction that wrote the facts; whoever listens acts after commit.
"""

from django.dispatch import Signal

leads_due = Signal()
