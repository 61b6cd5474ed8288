"""Outgoing HTTP: where it goes, where it never goes, and where it is cut off."""

import socket
import ssl
import subprocess
import time

import pytest

from leads.outgoing import client
from leads.outgoing.addresses import Refused, target_of
from leads.outgoing.client import request
from leads.outgoing.outcomes import Failed
from tests.receiver import receiver

# Address → the words of the refusal that tell why.
REFUSED = {
    "": "https://",
    "hooks.example.com": "https://",
    "not a url": "must begin with https://",
    "//hooks.example.com/": "https://",
    "ftp://hooks.example.com/": "https://",
    "file:///etc/passwd": "https://",
    "gopher://hooks.example.com/": "https://",
    "javascript:alert(1)": "https://",
    "unix:///var/run/docker.sock": "https://",
    "http://hooks.example.com/": "plain http",
    "HTTP://hooks.example.com/": "plain http",
    "https://": "no host",
    "https:///path": "no host",
    "https://:443/": "no host",
    "https://hooks.example.com:22/": "Port 22",
    "https://hooks.example.com:6379/": "Port 6379",
    "https://hooks.example.com:0/": "port 0",
    "https://hooks.example.com:99999/": "not an address",
    "https://hooks.example.com:x/": "not an address",
    "https://user@hooks.example.com/": "name or password",
    "https://user:pass@hooks.example.com/": "name or password",
    "https://hooks.example.com@127.0.0.1/": "name or password",
    "https://127.0.0.1\\@hooks.example.com/": "backslash",
    "https://hooks.example.com\\.evil/": "backslash",
    "https://hooks example.com/": "space",
    " https://hooks.example.com/": "space",
    "https://hooks.example.com/\r\nHost: a": "control",
    "https://hooks.example.com/\x00": "control",
    "https://hooks.example.com/\t": "control",
    "https://１２７.0.0.1/": "ASCII",
    "https://ⓛocalhost/": "ASCII",
    "https://münchen.example/": "ASCII",
    "https://127.0.0.1/": "not a public",
    "https://127.0.0.1./": "not a public",
    "https://127.255.255.254/": "not a public",
    "https://127.1/": "unusual",
    "https://127.0.1/": "unusual",
    "https://2130706433/": "unusual",
    "https://0x7f000001/": "unusual",
    "https://0x7f.0.0.0x1/": "unusual",
    "https://0177.0.0.1/": "unusual",
    "https://017700000001/": "unusual",
    "https://127.0.0.1.0x/": "unusual",
    "https://256.1.1.1/": "unusual",
    "https://1.2.3.4.5/": "unusual",
    "https://0.0.0.0/": "not a public",
    "https://0/": "unusual",
    "https://10.0.0.1/": "not a public",
    "https://172.16.0.1/": "not a public",
    "https://172.31.255.255/": "not a public",
    "https://192.168.1.1/": "not a public",
    "https://169.254.169.254/latest/meta-data/": "not a public",
    "https://100.64.0.1/": "not a public",
    "https://100.100.100.200/": "not a public",
    "https://168.63.129.16/": "not a public",
    "https://192.0.0.192/": "not a public",
    "https://192.0.2.1/": "not a public",
    "https://192.88.99.1/": "not a public",
    "https://198.18.0.1/": "not a public",
    "https://198.51.100.1/": "not a public",
    "https://203.0.113.1/": "not a public",
    "https://224.0.0.1/": "not a public",
    "https://239.255.255.250/": "not a public",
    "https://240.0.0.1/": "not a public",
    "https://255.255.255.255/": "not a public",
    "https://[::1]/": "not a public",
    "https://[::]/": "not a public",
    "https://[0:0:0:0:0:0:0:1]/": "not a public",
    "https://[::127.0.0.1]/": "not a public",
    "https://[::ffff:127.0.0.1]/": "not a public",
    "https://[::ffff:7f00:1]/": "not a public",
    "https://[::ffff:169.254.169.254]/": "not a public",
    "https://[::ffff:0:127.0.0.1]/": "not a public",
    "https://[64:ff9b::7f00:1]/": "not a public",
    "https://[64:ff9b:1::a00:1]/": "not a public",
    "https://[2002:7f00:1::]/": "not a public",
    "https://[2001:0:7f00:1::]/": "not a public",
    "https://[2001:db8::1]/": "not a public",
    "https://[3fff::1]/": "not a public",
    "https://[5f00::1]/": "not a public",
    "https://[100::1]/": "not a public",
    "https://[fe80::1]/": "not a public",
    "https://[fe80::1%25eth0]/": "network card",
    "https://[fec0::1]/": "not a public",
    "https://[fc00::1]/": "not a public",
    "https://[fd00:ec2::254]/": "not a public",
    "https://[ff02::1]/": "not a public",
    "https://[::1/": "not an address",
    "https://localhost/": "name of the inside",
    "https://LOCALHOST./": "name of the inside",
    "https://app.localhost/": "name of the inside",
    "https://metadata.google.internal/": "name of the inside",
    "https://printer.local/": "name of the inside",
    "https://-hooks.example.com/": "no name",
    "https://hooks..example.com/": "no name",
    "https://hooks%2eexample.com/": "no name",
    "https://hooks.example.com/" + "x" * 2000: "too long",
}


@pytest.mark.parametrize("url", REFUSED)
def test_refused_with_a_reason(url, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: pytest.fail("asked the name server"))
    with pytest.raises(Refused) as refusal:
        request("POST", url)
    assert REFUSED[url] in str(refusal.value)
    assert refusal.value.permanent


def test_the_table_is_long():
    assert len(REFUSED) >= 60


@pytest.mark.parametrize(
    "url",
    ["https://hooks.example.com/x?y=1#z", "https://8.8.8.8:8443/", "https://[2606:4700::1111]/", "HTTPS://A.EXAMPLE"],
)
def test_public_ones_are_not(url):
    """Negative control."""
    assert not target_of(url).allowed


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::1"], ["::ffff:10.0.0.1"], []])
def test_a_name_that_leads_inside_reads_like_one_that_is_not_there(monkeypatch, answers):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in answers]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: pytest.fail("connected"))
    with pytest.raises(Failed, match=r"^hooks.example.com cannot be reached from here"):
        request("POST", "https://hooks.example.com/")


def test_the_connection_goes_to_the_address_that_was_vetted(monkeypatch):
    """The name server changes its mind after the first answer; it is asked once, and never again."""
    answers = [[(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: answers.pop())
    went = []

    def connect(address, timeout):
        went.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(Failed, match="Connection refused"):
        request("POST", "https://hooks.example.com/")
    assert (went, answers) == ([("93.184.216.34", 443)], [])


@pytest.fixture
def other(settings):
    with receiver() as there:
        settings.OUTBOUND_ALLOWLIST = [there.host]
        yield there


def test_an_allowed_host_and_port_is_reached(other):
    answer = request("POST", other.url, body=b"{}", headers={"X-A": "b"})
    assert (answer.status, answer.text, answer.cut) == (204, "", False)
    headers, body = other.seen[0]
    assert (headers["host"], headers["x-a"], body, other.paths) == (other.host, "b", b"{}", ["/hook?a=1"])


def test_allowed_is_exactly_that_port_and_that_name(other):
    for url in (f"http://localhost:{other.port}/", f"http://127.0.0.1:{other.port + 1}/", "http://127.0.0.1/"):
        with pytest.raises(Refused):
            request("POST", url)


def test_a_redirect_is_an_answer_and_not_followed(other):
    other.script, other.headers = [302], {"Location": other.url}
    assert (request("POST", other.url).status, len(other.seen)) == (302, 1)


def test_proxies_of_the_environment_are_not_used(other, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert request("POST", other.url).status == 204


@pytest.mark.parametrize("mode", ["drip headers", "drip body", "silent"])
def test_what_is_slow_is_cut_off(other, mode):
    other.mode, begun = mode, time.monotonic()
    with pytest.raises(Failed, match="longer than 1 seconds"):
        request("POST", other.url, total=0.6)
    assert 0.5 < time.monotonic() - begun < 2


def test_what_is_long_is_cut_off(other):
    other.mode, begun = "huge", time.monotonic()
    answer = request("POST", other.url)
    assert (len(answer.body), answer.cut) == (client.MOST, True)
    assert time.monotonic() - begun < 5


def test_a_header_cannot_carry_another(other):
    with pytest.raises(Failed):
        request("POST", other.url, headers={"X-A": "b\r\nX-Evil: 1"})
    assert other.seen == []


def test_a_slow_name_server_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: time.sleep(1) or [])
    monkeypatch.setattr(client, "CONNECT", 0.2)
    begun = time.monotonic()
    with pytest.raises(Failed, match="cannot be reached"):
        request("POST", "https://hooks.example.com/")
    assert time.monotonic() - begun < 2


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Of hooks.example.com, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2",
         "-subj", "/CN=hooks.example.com", "-addext", "subjectAltName=DNS:hooks.example.com"],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


@pytest.fixture
def tls(certificate, monkeypatch, settings):
    """A TLS server on this machine to which hooks.example.com leads; yields its port and the names it was asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    asked = []
    context.sni_callback = lambda _, name, __: asked.append(name)
    with receiver(tls=context) as there:
        settings.OUTBOUND_ALLOWLIST = [f"hooks.example.com:{there.port}", f"other.example.com:{there.port}"]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", there.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
        yield there, asked


def test_tls_names_the_host_and_checks_its_certificate(tls, certificate, monkeypatch):
    there, asked = tls
    with pytest.raises(Failed, match="certificate is not good"):
        request("POST", f"https://hooks.example.com:{there.port}/")  # nobody we trust signed it
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    assert request("POST", f"https://hooks.example.com:{there.port}/").status == 204
    with pytest.raises(Failed, match="certificate is not good"):
        request("POST", f"https://other.example.com:{there.port}/")
    assert asked == ["hooks.example.com", "hooks.example.com", "other.example.com"]
    assert there.seen[0][0]["host"] == f"hooks.example.com:{there.port}"
