"""THE way out: leads are offered to sales, and sales answers, in time."""
