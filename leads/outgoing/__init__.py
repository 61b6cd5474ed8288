"""What leaves the house: mail, notices, webhooks, each a row first, over one guarded way."""
