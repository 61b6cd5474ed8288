"""Salesforce (docs/connectors.md)."""
