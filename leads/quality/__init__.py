"""Data that can be relied on: what robots did is not counted, and what is wrong is found and put right."""
