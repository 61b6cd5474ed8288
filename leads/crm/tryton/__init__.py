"""Tryton (docs/connectors.md)."""
