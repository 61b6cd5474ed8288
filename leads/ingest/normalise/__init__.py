"""Values as people and programs write them → one spelling. A file for each kind of value; no database."""
