"""Credentials stay where they are bound: redirects, links, downgrades, other ports."""

import ipaddress
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tasks.core.errors import ConfigError
from tasks.transport.client import Client
from tasks.transport.credentials import AnthropicKey, Bearer
from tasks.transport.errors import OriginError
from tasks.transport.origins import ForeignOriginError, Origins
from tasks.transport.pages import link_pages
from tests.transport.loopback import SECRET, Reply, Server, Tap, scripted

Serve = Callable[..., Server]
Connect = Callable[..., Client]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_an_undeclared_origin_is_not_followed(
    status: int, serve: Serve, connect: Connect, tap: Tap
) -> None:
    server = serve(scripted(Reply(status, {"location": f"{tap.url}/steal"})))

    with pytest.raises(OriginError, match="neither the base URL's nor"):
        connect(server).get("/x")

    assert (tap.connections, tap.received) == (0, b"")


@pytest.mark.parametrize("kind", ["bearer", "x-api-key"])
def test_a_redirect_to_a_declared_origin_carries_no_credential(
    kind: str, serve: Serve, connect: Connect, tap: Tap
) -> None:
    server = serve(scripted(Reply(302, {"location": f"{tap.url}/file"})))
    make = Bearer if kind == "bearer" else AnthropicKey
    client = connect(
        server,
        credential=make(SECRET, ["127.0.0.1"]),
        link_origins=[tap.url],
        headers={"X-Own": "own-header"},
    )

    client.get("/x", headers={"if-none-match": "own-etag"})

    assert tap.connections == 1
    for secret in (SECRET, "own-header", "own-etag", "authorization", "x-api-key"):
        assert secret.encode() not in tap.received.lower()


def test_a_redirect_within_the_origin_keeps_the_credential(serve: Serve, connect: Connect) -> None:
    def renamed(request: object) -> Reply:
        path = request.path  # type: ignore[attr-defined]
        return Reply(body=[1]) if path == "/new" else Reply(301, {"location": "/new"})

    server = serve(renamed)

    response = connect(server).get("/old")

    assert (response.json, response.url) == ([1], f"{server.url}/new")
    assert [request.headers["authorization"] for request in server.requests] == [
        f"Bearer {SECRET}"
    ] * 2


def test_a_foreign_next_link_is_not_followed(serve: Serve, connect: Connect, tap: Tap) -> None:
    link = f'<{tap.url}/repos/1?page=2>; rel="next"'
    server = serve(scripted(Reply(200, {"link": link}, [{"id": 1}])))

    with pytest.raises(OriginError, match="next-link"):
        list(link_pages(connect(server), "/repos"))

    assert (tap.connections, tap.received) == (0, b"")


def test_a_foreign_address_is_not_requested(serve: Serve, connect: Connect, tap: Tap) -> None:
    client = connect(serve(scripted(Reply())))

    for address in (tap.url, f"{tap.url}/x", "https://example.org/", f"http://u:p@{tap.netloc}/"):
        with pytest.raises(OriginError):
            client.get(address)
        with pytest.raises(OriginError):
            client.get_signed(address)

    assert (tap.connections, tap.received) == (0, b"")


def test_a_signed_link_is_fetched_without_credential_and_headers(
    serve: Serve, connect: Connect, tap: Tap
) -> None:
    client = connect(
        serve(scripted(Reply())), link_origins=[tap.url], headers={"X-Own": "own-header"}
    )

    client.get_signed(f"{tap.url}/report?sig=1")

    assert tap.received.startswith(b"GET /report?sig=1 ")
    assert SECRET.encode() not in tap.received
    assert b"own-header" not in tap.received


def test_a_signed_link_carries_no_credential_even_to_its_own_origin(
    serve: Serve, connect: Connect
) -> None:
    server = serve(scripted(Reply()))

    connect(server).get_signed(f"{server.url}/report?sig=1")

    assert "authorization" not in server.requests[0].headers


def test_a_signed_link_that_redirects_is_refused(serve: Serve, connect: Connect) -> None:
    server = serve(scripted(Reply(302, {"location": "/y"})))

    with pytest.raises(OriginError, match="not followed"):
        connect(server).get_signed(f"{server.url}/x")


def test_cookies_are_neither_kept_nor_sent(serve: Serve, connect: Connect) -> None:
    server = serve(scripted(Reply(200, {"set-cookie": "session=abc; Path=/"})))
    client = connect(server)

    client.get("/x")
    client.get("/x")

    assert "cookie" not in server.requests[1].headers


def test_redirects_in_a_circle_end(serve: Serve, connect: Connect) -> None:
    server = serve(lambda request: Reply(302, {"location": "/b" if request.path == "/a" else "/a"}))

    with pytest.raises(OriginError, match="circle"):
        connect(server).get("/a")

    assert len(server.requests) == 2


def test_a_redirected_post_is_not_turned_into_a_get(serve: Serve, connect: Connect) -> None:
    server = serve(scripted(Reply(302, {"location": "/y"})))

    with pytest.raises(OriginError):
        connect(server).post_read("/x", json={})

    assert len(server.requests) == 1


@pytest.mark.parametrize("location", ["", "http://[", "ftp://127.0.0.1/x", "//", "http:///x"])
def test_an_unusable_location_is_refused(location: str, serve: Serve, connect: Connect) -> None:
    server = serve(scripted(Reply(302, {"location": location})))

    with pytest.raises(OriginError):
        connect(server).get("/x")


@pytest.mark.parametrize(
    "target",
    [
        "http://api.example.org/x",
        "//evil.example/x",
        "https://api.example.org@evil.example/",
        "https://user@api.example.org/",
        "https://api.example.org.evil.example/",
        "https://api.example.org:8443/",
        "https://evil.example\\@api.example.org/",
        "javascript:alert(1)",
        "http://127.0.0.1/x",
    ],
)
def test_only_the_very_same_origin_is_followed(target: str) -> None:
    origins = Origins("https://api.example.org/v3")

    with pytest.raises(ForeignOriginError):
        origins.follow(httpx.URL("https://api.example.org/v3/x"), target)


@pytest.mark.parametrize(
    "target",
    ["/y", "y?page=2", "https://api.example.org/y", "HTTPS://API.EXAMPLE.ORG:443/y"],
)
def test_the_same_origin_is_followed_however_it_is_written(target: str) -> None:
    origins = Origins("https://api.example.org/v3")

    followed = origins.follow(httpx.URL("https://api.example.org/v3/x"), target)

    assert followed.host == "api.example.org"


def test_paths_go_below_the_base_urls_path() -> None:
    origins = Origins("https://ghe.example.org/api/v3/")

    assert str(origins.locate("/repos/a/b")) == "https://ghe.example.org/api/v3/repos/a/b"
    assert str(origins.locate("//evil.example/x")).startswith("https://ghe.example.org/api/v3/")


@pytest.mark.parametrize(
    ("url", "hosts", "is_bound"),
    [
        ("https://api.example.org/x", ["api.example.org"], True),
        ("https://api.example.org/x", ["api.example.org:443"], True),
        ("https://api.example.org:8443/x", ["api.example.org"], False),
        ("https://api.example.org:8443/x", ["api.example.org:8443"], True),
        ("https://other.example.org/x", ["api.example.org"], False),
        ("http://127.0.0.1:9/x", ["127.0.0.1"], False),
    ],
)
def test_a_credential_is_bound_to_host_and_port(url: str, hosts: list[str], is_bound: bool) -> None:
    origins = Origins("https://base.example.org", ["http://127.0.0.1:9", url])

    assert origins.is_bound(httpx.URL(url), frozenset(hosts)) is is_bound


@pytest.mark.parametrize(
    "base_url",
    ["http://api.example.org", "ftp://127.0.0.1", "https://", "https://me@host", "nonsense", ""],
)
def test_a_base_url_must_be_https_or_this_machine(base_url: str) -> None:
    with pytest.raises(ConfigError, match="base_url") as caught:
        Origins(base_url)

    assert "me@" not in str(caught.value)


def test_a_secret_that_is_not_bound_to_the_base_host_is_refused(connect: Connect) -> None:
    with pytest.raises(ConfigError, match="bind the secret"):
        connect("https://proxy.example.org", credential=Bearer(SECRET, ["api.example.org"]))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return path


def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_an_untrusted_certificate_gets_nothing_and_is_not_retried(
    certificate: Path, serve: Serve, connect: Connect
) -> None:
    server = serve(scripted(Reply()), tls(certificate))

    with pytest.raises(OriginError, match="not trusted; name its CA"):
        connect(server).get("/x")

    assert server.requests == []


def test_a_named_authority_is_trusted(certificate: Path, serve: Serve, connect: Connect) -> None:
    server = serve(scripted(Reply(body=[1])), tls(certificate))

    assert connect(server, ca_file=certificate).get("/x").json == [1]


def test_a_downgrade_to_http_is_refused_even_where_declared(
    certificate: Path, serve: Serve, connect: Connect, tap: Tap
) -> None:
    server = serve(scripted(Reply(302, {"location": f"{tap.url}/x"})), tls(certificate))

    with pytest.raises(OriginError, match="steps down from https"):
        connect(server, ca_file=certificate, link_origins=[tap.url]).get("/x")

    assert (tap.connections, tap.received) == (0, b"")


def test_the_environment_cannot_reroute_requests(
    serve: Serve, connect: Connect, tap: Tap, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password other")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, tap.url)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve(scripted(Reply(body=[1])))

    assert connect(server, credential=None).get("/x").json == [1]
    assert "authorization" not in server.requests[0].headers
    assert tap.connections == 0
