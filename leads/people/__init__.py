"""Who works here: members of teams, invitations, signing in."""
