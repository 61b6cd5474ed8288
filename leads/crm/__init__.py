"""Two-way sync with CRMs (docs/crm.md). `base`: what a CRM must be able to do; `asking`: what rules may ask."""
