"""How long until an event has changed a score, end to end over the API of a running demo.

    python -m bench.freshness http://127.0.0.1:8000 TOKEN [EVENTS]

TOKEN is of `manage.py create_token --user marketing@demo.example --scope write`. Each event is one of a lead that has
not asked for pricing lately; the clock runs from the moment it is sent until the lead's standing reads differently.
"""

import json
import sys
import time
from statistics import median
from typing import Any
from urllib.request import Request, urlopen

GIVE_UP = 30.0
PAUSE = 0.01
PROMISE = 2.0


class Api:
    def __init__(self, address: str, token: str):
        self.base, self.headers = f"{address.rstrip('/')}/api/v1/", {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> Any:
        with urlopen(Request(self.base + path, headers=self.headers), timeout=GIVE_UP) as answer:
            return json.load(answer)

    def post(self, path: str, body: Any) -> Any:
        headers = self.headers | {"Content-Type": "application/json"}
        with urlopen(Request(self.base + path, json.dumps(body).encode(), headers), timeout=GIVE_UP) as answer:
            return json.load(answer)


def main(address: str, token: str, events: int = 20) -> int:
    api = Api(address, token)
    leads = api.get(f"leads?label=cold&label=cool&ordering=total&page_size={min(200, events * 5)}")["results"]
    quiet = [lead["id"] for lead in leads if lead["standing"]["engagement"] < 10][:events]
    accepted, changed = zip(*(measure(api, lead) for lead in quiet), strict=True)
    print(f"{'seconds':<28} {'median':>7} {'p95':>7} {'longest':>7}   n = {len(quiet)}")
    for name, times in (("until the event is stored", accepted), ("until the score has changed", changed)):
        print(f"{name:<28} {median(times):>7.3f} {ninety_five(times):>7.3f} {max(times):>7.3f}")
    late = sum(seconds > PROMISE for seconds in changed)
    figures = {"median": median(changed), "p95": ninety_five(changed), "longest": max(changed)}
    seconds = {name: round(figure, 3) for name, figure in figures.items()}
    print(json.dumps({"bench": "freshness", "events": len(quiet), "seconds": seconds, "late": late}))
    return 1 if late else 0


def measure(api: Api, lead: int) -> tuple[float, float]:
    """Seconds until the event was acknowledged, and until the standing read differently (GIVE_UP if it never did)."""
    before = api.get(f"leads/{lead}/standing")["total"]
    start = time.monotonic()
    api.post("events", {"lead": lead, "kind": "pricing_requested", "source": "Freshness"})
    stored = time.monotonic() - start
    while time.monotonic() - start < GIVE_UP:
        if api.get(f"leads/{lead}/standing")["total"] != before:
            break
        time.sleep(PAUSE)
    return stored, time.monotonic() - start


def ninety_five(times: tuple[float, ...]) -> float:
    return sorted(times)[max(0, round(len(times) * 0.95) - 1)]


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])))
