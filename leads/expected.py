"""The fields a lead is expected to have. Custom fields are extra: not every lead needs them."""

# In the order of the page.
OF_LEAD = ("email", "phone", "title", "country", "city", "source")
OF_COMPANY = ("industry", "employees", "revenue", "website")

# As paths from the lead, the company itself among them: completeness is the share of these that are known.
EXPECTED = (*OF_LEAD, "company_id", *(f"company__{name}" for name in OF_COMPANY))
