"""Two-way sync with CRMs (docs/crm.md).

base, registry    what a CRM must be able to do, and which there are: a package for each
sync/             what every run does, the same for all CRMs
setup/            what people say of a connection, and the trial of it
control           what people and rules ask of a connection that stands
"""
