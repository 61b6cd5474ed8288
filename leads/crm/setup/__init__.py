"""What people say of a connection: how to get in, which fields and stages mean what, and the trial of it."""
