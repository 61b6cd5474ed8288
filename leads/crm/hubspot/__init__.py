"""HubSpot (docs/connectors.md)."""
