"""A run: what changed there comes in, what changed here goes there. `runner` begins it; no CRM is named in here."""
