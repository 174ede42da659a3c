"""Credentials: what they send, when a GitHub App renews, and that nothing of them is shown."""

import base64
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tasks.core.errors import ConfigError
from tasks.transport.client import Client
from tasks.transport.credentials import AnthropicKey, Basic, Bearer, GithubToken
from tasks.transport.errors import BodyError, StatusError
from tasks.transport.github_app import GithubApp
from tasks.transport.limits import Vendor
from tasks.transport.pacing import map_bounded
from tests.transport.loopback import NOW, SECRET, FakeClock, Reply, Request, Server, scripted

Serve = Callable[..., Server]
Connect = Callable[..., Client]
HOSTS = ["127.0.0.1"]


@pytest.mark.parametrize(
    ("credential", "sent"),
    [
        (Bearer(SECRET, HOSTS), {"authorization": f"Bearer {SECRET}"}),
        (GithubToken(SECRET, HOSTS), {"authorization": f"Bearer {SECRET}"}),
        (AnthropicKey(SECRET, HOSTS), {"x-api-key": SECRET, "anthropic-version": "2023-06-01"}),
        (
            Basic("me@example.org", SECRET, HOSTS),
            {
                "authorization": "Basic "
                + base64.b64encode(f"me@example.org:{SECRET}".encode()).decode()
            },
        ),
    ],
)
def test_each_kind_sends_its_headers_and_shows_nothing(
    credential: Bearer, sent: dict[str, str], serve: Serve, connect: Connect
) -> None:
    server = serve(scripted(Reply()))

    connect(server, credential=credential).get("/x")

    assert sent.items() <= server.requests[0].headers.items()
    assert SECRET not in repr(credential) + str(credential) + credential.fingerprint
    assert len(credential.fingerprint) == 16


@pytest.mark.parametrize("secret", ["", "abc\n", "a b", "a\r\nx-evil: 1", "geheim\u00fc", "\x7f"])
def test_a_secret_that_fits_no_header_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Bearer(secret, HOSTS)

    assert not secret or secret not in str(caught.value)


@pytest.mark.parametrize("hosts", [[], [""], ["https://api.example.org"], ["me@host"]])
def test_a_secret_needs_plain_hosts(hosts: list[str]) -> None:
    with pytest.raises(ConfigError, match="needs hosts"):
        Bearer(SECRET, hosts)


def test_fingerprints_tell_credentials_apart() -> None:
    made = [Bearer("a", HOSTS), Bearer("b", HOSTS), AnthropicKey("a", HOSTS), Bearer("a", ["x"])]

    assert len({credential.fingerprint for credential in made}) == 3


def test_a_refused_credential_is_not_tried_again(serve: Serve, connect: Connect) -> None:
    server = serve(scripted(Reply(401)))

    with pytest.raises(StatusError, match="check the secret"):
        connect(server).get("/x")

    assert len(server.requests) == 1


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


class Github:
    """Trades claims for tokens that last an hour; knows which tokens are good."""

    def __init__(self, key: rsa.RSAPrivateKey, clock: FakeClock) -> None:
        self._public = key.public_key()
        self._clock = clock
        self.good: set[str] = set()
        self.traded = 0
        self.claims: dict[str, object] = {}

    def __call__(self, request: Request) -> Reply:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if request.method == "GET":
            return Reply(body=[1]) if token in self.good else Reply(401)
        assert (request.path, request.body) == ("/app/installations/42/access_tokens", b"{}")
        self.claims = jwt.decode(
            token,
            self._public,
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False},
        )
        self.traded += 1
        self.good = {f"ghs_{self.traded}"}
        ends = self._clock.now() + timedelta(hours=1)
        return Reply(201, body={"token": f"ghs_{self.traded}", "expires_at": ends.isoformat()})


@pytest.fixture
def github(key: rsa.RSAPrivateKey, clock: FakeClock) -> Github:
    return Github(key, clock)


@pytest.fixture
def app(key: rsa.RSAPrivateKey) -> GithubApp:
    return GithubApp("Iv1.app", 42, pem_of(key), HOSTS)


def test_an_app_trades_one_claim_for_many_requests(
    github: Github, app: GithubApp, serve: Serve, connect: Connect
) -> None:
    server = serve(github)
    client = connect(server, credential=app, vendor=Vendor.GITHUB)

    assert map_bounded(lambda _: client.get("/x").json, range(20), 8) == [[1]] * 20

    assert github.traded == 1
    assert client.requests == len(server.requests) == 21
    assert github.claims["iss"] == "Iv1.app"
    assert github.claims["iat"] == int((NOW - timedelta(minutes=1)).timestamp())
    assert github.claims["exp"] == int((NOW + timedelta(minutes=9)).timestamp())


def test_an_app_renews_its_token_before_it_ends(
    github: Github, app: GithubApp, clock: FakeClock, serve: Serve, connect: Connect
) -> None:
    client = connect(serve(github), credential=app)

    client.get("/x")
    clock.moment += timedelta(minutes=54)
    client.get("/x")
    assert github.traded == 1
    clock.moment += timedelta(minutes=1)
    client.get("/x")

    assert github.traded == 2


def test_an_app_renews_a_refused_token_once(
    github: Github, app: GithubApp, serve: Serve, connect: Connect
) -> None:
    server = serve(github)
    client = connect(server, credential=app)
    client.get("/x")

    github.good.clear()
    assert client.get("/x").json == [1]
    assert github.traded == 2

    github.good = {"none"}
    refusing = serve(lambda request: Reply(401) if request.method == "GET" else github(request))
    with pytest.raises(StatusError, match="401: credential"):
        connect(refusing, credential=app).get("/x")
    assert [request.method for request in refusing.requests] == ["GET", "POST", "GET"]


@pytest.mark.parametrize(
    "answer",
    [{}, {"token": "x"}, {"token": "", "expires_at": "2026-11-21T11:00:00Z"}, [1], {"token": 1}],
)
def test_an_unusable_token_answer_is_a_clear_error(
    answer: object, app: GithubApp, serve: Serve, connect: Connect
) -> None:
    server = serve(scripted(Reply(201, body=answer)))

    with pytest.raises(BodyError, match="no usable token and end"):
        connect(server, credential=app).get("/x")


def test_a_token_is_read_from_a_recorded_shape(app: GithubApp) -> None:
    def answer(path: str, headers: object) -> object:
        del path, headers
        return {"token": "ghs_a", "expires_at": "2026-11-21T11:20:00Z", "permissions": {}}

    now = datetime(2026, 11, 21, 10, 20, tzinfo=UTC)

    assert app.headers(now, answer) == {"authorization": "Bearer ghs_a"}


def test_an_app_key_may_come_on_one_line_and_must_be_rsa(key: rsa.RSAPrivateKey) -> None:
    one_line = pem_of(key).replace("\n", "\\n")
    elliptic = pem_of(ec.generate_private_key(ec.SECP256R1()))

    assert GithubApp("1", 2, one_line, HOSTS).hosts == frozenset(HOSTS)
    for unusable in ("", "nonsense", "-----BEGIN RSA PRIVATE KEY-----\n", elliptic, "\u00fc"):
        with pytest.raises(ConfigError, match="RSA key in PEM"):
            GithubApp("1", 2, unusable, HOSTS)


def test_logs_hold_no_secret_no_query_and_no_name(
    github: Github,
    app: GithubApp,
    serve: Serve,
    connect: Connect,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    client = connect(serve(github), credential=app, headers={"x-own": "own-value"})

    client.get("/repos/jane-doe/diary/pulls", params={"author": "jane"})

    assert "source=the-source GET /repos/*/*/pulls status=200 bytes=3" in caplog.text
    for secret in ("jane", "diary", "author", "ghs_1", "own-value", "Bearer", "127.0.0.1"):
        assert secret not in caplog.text
