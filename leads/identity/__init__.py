"""Who is who: leads that were merged and where they are now, leads that may be one, merging and its way back."""

from leads.identity.merging import CannotMerge, merge
from leads.identity.redirects import current_id, current_ids, lock_current
from leads.identity.undoing import unmerge

__all__ = ["CannotMerge", "current_id", "current_ids", "lock_current", "merge", "unmerge"]
