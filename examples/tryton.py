"""A real CRM to try leadscore with: `make try-crm`.

Tryton, as PyPI has it, with a made-up company in it: people of a dozen customers, opportunities in every stage, two
people in sales, and a user for leadscore. It listens on this machine only, keeps what is changed in it, and ends with
Ctrl-C. It runs in the venv of Tryton; nothing of leadscore is used here.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

HOME, PORT = Path(sys.argv[1]), sys.argv[2]  # where Tryton is installed, and where it is to listen
FOLDER = HOME / "try"  # remove it to begin anew
USER, PASSWORD = "leadscore", (HOME / "password").read_text()

COMPANIES = (
    "Kestrel Freight", "Alder & Finch", "Nordhavn Energi", "Bluestone Labs", "Casa Verde", "Ostwind Maschinenbau",
    "Pinecrest Dental", "Tidewater Foods", "Ibex Outdoor", "Lumen Optics", "Granite Bank", "Saffron Travel",
)  # fmt: skip
FIRST = (
    "Ana", "Ben", "Chloe", "Dario", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jonas", "Kavya", "Liam", "Maja", "Noah",
    "Oksana", "Paul", "Quinn", "Rosa",
)  # fmt: skip
LAST = ("Ruiz", "Okafor", "Lindqvist", "Moreau", "Keller", "Iversen", "Santos", "Bianchi", "Novak", "Haddad", "Walsh")
TITLES = ("Head of Operations", "Purchasing Manager", "CTO", "Team Assistant", "VP Sales", "Software Engineer")
WANTED = ("Pilot for one site", "50 seats", "Yearly plan", "Roll-out in two countries", "Renewal", "Add-on")
STAGES = ("lead", "opportunity", "won", "lost", "opportunity", "converted", "lead", "won", "cancelled")
SALES = (("Rosa Lind", "rep@demo.example"), ("Tom Baker", "tom.baker@crm.example"))
EUROS = 1500, 400  # of the smallest opportunity, and how much each next one is larger


def main() -> None:
    """Fill a database when there is none, say how to connect, and become the server."""
    if not FOLDER.exists():
        new = HOME / "try-new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        shutil.copy(HOME / "crm.sqlite", new)
        fill(_config(new))
        new.rename(FOLDER)
    print(HOW, flush=True)
    server, log = str(HOME / "bin" / "trytond"), str(FOLDER / "log.conf")
    Path(log).write_text(LOG)
    os.execv(server, [server, "-c", _config(FOLDER), "--logconf", log, "-d", "crm"])


def _config(folder: Path) -> str:
    config = folder / "conf"
    config.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{PORT}\n")
    return str(config)


LOG = f"""
[loggers]
keys = root
[handlers]
keys = file
[formatters]
keys =
[logger_root]
level = INFO
handlers = file
[handler_file]
class = FileHandler
args = ({str(FOLDER / "log")!r},)
"""
HOW = f"""
Tryton, a real CRM, is on http://127.0.0.1:{PORT} of this machine until Ctrl-C.

  1. Let leadscore speak to it: an admin allows exactly this host and port, here by starting it so:
         OUTBOUND_ALLOWLIST=127.0.0.1:{PORT} make run
  2. In leadscore: Connections, Tryton, and enter
         Address   http://127.0.0.1:{PORT}
         Database  crm
         User      {USER}
         Password  {PASSWORD}
  3. Test the connection, look at the fields, try it out, turn it on.

What is changed in it is kept in {FOLDER}; remove that folder to begin anew.
"""


def fill(config_file: str) -> None:
    """Everything in one transaction."""
    from trytond import config

    config.update_etc(config_file)  # before the others, which read it
    from trytond.pool import Pool
    from trytond.transaction import Transaction

    Pool.start()
    pool = Pool("crm")
    pool.init()
    with Transaction().start("crm", 1) as transaction:
        company = _own_company(pool)
        with transaction.set_context(company=company.id):
            employees = [_employee(pool, company, *who) for who in SALES]
            _user(pool, company)
            people = pool.get("party.party").create(list(_people()))
            _opportunities(pool, people, employees)
        transaction.commit()


def _own_company(pool: Any) -> Any:
    [currency] = pool.get("currency.currency").create([{"name": "Euro", "code": "EUR", "symbol": "€"}])
    [party] = pool.get("party.party").create([{"name": "Our own company"}])
    [company] = pool.get("company.company").create([{"party": party.id, "currency": currency.id}])
    return company


def _employee(pool: Any, company: Any, name: str, email: str) -> Any:
    """Somebody in sales; leadscore knows them as colleagues by their address."""
    [party] = pool.get("party.party").create([_party(name, email=email)])
    [employee] = pool.get("company.employee").create([{"party": party.id, "company": company.id}])
    return employee


def _user(pool: Any, company: Any) -> None:
    """Who leadscore signs in as: with the rights of sales, and no others."""
    [sales] = pool.get("res.group").search([("name", "=", "Sale Opportunity")])
    pool.get("res.user").create([{
        "name": "leadscore", "login": USER, "password": PASSWORD, "groups": [("add", [sales.id])],
        "companies": [("add", [company.id])], "company": company.id,
    }])  # fmt: skip


def _people() -> Iterator[dict[str, Any]]:
    """Three people of each company."""
    for number in range(3 * len(COMPANIES)):
        company = COMPANIES[number // 3]
        first, last = FIRST[number % len(FIRST)], LAST[number * 3 % len(LAST)]
        domain = company.lower().replace(" & ", "-").replace(" ", "-") + ".example"
        more = {"phone": f"+49 30 5557{number:03}"} if number % 4 else {}
        yield _party(f"{first} {last}", email=f"{first}.{last}@{domain}".lower(), title=TITLES[number * 5 % 6],
                     company=company, **more)  # fmt: skip


def _party(name: str, **known: str) -> dict[str, Any]:
    """What Tryton has no field for is a contact mechanism of the kind "other" with a name."""
    kinds = ("email", "phone")
    ways = [{"type": k if k in kinds else "other", "name": None if k in kinds else k, "value": v}
            for k, v in known.items()]  # fmt: skip
    return {"name": name, "contact_mechanisms": [("create", ways)]}


def _opportunities(pool: Any, people: Any, employees: Any) -> None:
    """One of every second person: a few of each stage, the closed ones within the last months."""
    opportunity = pool.get("sale.opportunity")
    for number, party in enumerate(people[::2]):
        stage = STAGES[number % len(STAGES)]
        closed = stage in ("won", "lost", "cancelled")
        begun = date.today() - timedelta(days=12 * number + 20)
        opportunity.create([{
            "party": party.id, "description": WANTED[number % len(WANTED)], "employee": employees[number % 2].id,
            "amount": Decimal(EUROS[0] + EUROS[1] * number), "start_date": begun, "state": stage,
            "end_date": begun + timedelta(days=15) if closed else None,
            "lost_reason": "Too expensive" if stage == "lost" else None,
        }])  # fmt: skip


if __name__ == "__main__":
    main()
