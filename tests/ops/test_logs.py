"""What is written to the log when somebody is refused."""

import logging

import pytest
from django.http import HttpResponse
from django.utils.log import log_response

from leadscore.logs import told_briefly


@pytest.mark.parametrize(("status", "in_full"), [(403, False), (404, False), (500, True)])
def test_a_refusal_is_a_line_and_an_error_is_told_in_full(caplog, rf, monkeypatch, status, in_full):
    monkeypatch.setattr(caplog.handler, "filters", [told_briefly])
    with caplog.at_level(logging.WARNING, "django.request"):
        try:
            raise LookupError("gone")
        except LookupError as error:
            log_response("Told: /x", request=rf.get("/x"), response=HttpResponse(status=status), exception=error)
    assert ("Traceback" in caplog.text, "Told: /x" in caplog.text) == (in_full, True)
