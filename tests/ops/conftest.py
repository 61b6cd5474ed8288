"""A visitor of a running installation, with cookies and nothing else."""

import re
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest

from tests.ops.installation import Installation


class Visitor:
    def __init__(self, installation: Installation):
        self.connection = HTTPConnection("127.0.0.1", installation.port, timeout=20)

    def post_form(self, path: str, **fields: str) -> int:
        """Fetch the form, fill it in, send it: the status of the answer."""
        self.connection.request("GET", path)
        page = self.connection.getresponse()
        cookie = page.getheader("Set-Cookie").split(";")[0]
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode()).group(1)
        body = urlencode(fields | {"csrfmiddlewaretoken": token})
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request("POST", path, body, headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status


@pytest.fixture
def client_of():
    return Visitor
