"""Rules: what happens when a lead enters or leaves a saved condition."""
