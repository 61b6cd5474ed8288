"""Odoo (docs/connectors.md)."""
