"""Settings: what the environment may say, what is refused, and that no secret shows."""

import copy
import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.environment import NAMES
from config.errors import ConfigError
from config.settings import Settings, load_settings, settings_from_environment

KEY = "kept-for-tests-" + "0123456789abcdef"  # 31 characters
DIGEST = {"GRADUAND_DIGEST_KEY": KEY + "!"}
TOKEN = {
    "GRADUAND_SECRET_GITHUB_TOKEN": "tok-hunter2-tok",
    "GRADUAND_SECRET_GITHUB_TOKEN_HOSTS": "api.github.com, localhost:8080",
}


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_settings(environ)
    return [str(problem) for problem in caught.value.problems]


def test_a_digest_key_is_all_that_must_be_set() -> None:
    settings = load_settings(DIGEST)

    assert settings.database_url.get_secret_value() == "sqlite:///var/ledger.db"
    assert settings.lake_dir == "var/lake"
    assert settings.config_dir == Path("config")
    assert settings.work_dir == Path()
    assert settings.night_deadline_minutes == 240
    assert settings.now is None
    assert settings.database_writer_role is None
    assert settings.secrets == {}
    assert settings.base_urls == {}


def test_every_value_is_taken() -> None:
    settings = load_settings(
        DIGEST
        | TOKEN
        | {
            "GRADUAND_DATABASE_URL": "postgresql://books:pw@db/ledger",
            "GRADUAND_DATABASE_WRITER_ROLE": "books_writer",
            "GRADUAND_LAKE_DIR": "s3://bucket/lake/",
            "GRADUAND_CONFIG_DIR": "/etc/graduand",
            "GRADUAND_WORK_DIR": "/srv/graduand",
            "GRADUAND_NIGHT_DEADLINE_MINUTES": "90",
            "GRADUAND_NOW": "2026-11-20T05:30:00+01:00",
            "GRADUAND_BASE_URL_AGENT_HUB": "https://proxy.example.com/hub/",
        }
    )

    # The driver of the lock is named, so that SQLAlchemy does not look for another.
    assert settings.database_url.get_secret_value() == "postgresql+psycopg://books:pw@db/ledger"
    assert settings.database_writer_role == "books_writer"
    assert settings.lake_dir == "s3://bucket/lake"
    assert settings.config_dir == Path("/etc/graduand")
    assert settings.work_dir == Path("/srv/graduand")
    assert settings.night_deadline_minutes == 90
    assert settings.now == datetime(2026, 11, 20, 4, 30, tzinfo=UTC)
    assert settings.base_url("agent-hub", "https://x") == "https://proxy.example.com/hub"
    assert settings.secret("github-token").hosts == {"api.github.com", "localhost:8080"}


def test_stores_stand_in_the_work_folder_unless_placed_elsewhere() -> None:
    settings = load_settings(DIGEST | {"GRADUAND_WORK_DIR": "/srv/g"})

    assert settings.database_url.get_secret_value() == "sqlite:////srv/g/var/ledger.db"
    assert settings.lake_dir == "/srv/g/var/lake"


def test_a_source_without_override_keeps_its_address() -> None:
    assert load_settings(DIGEST).base_url("jira", "https://a.example/") == "https://a.example"


@pytest.mark.parametrize("name", ["github-token", "github.token", "github_token"])
def test_a_secret_is_found_by_any_spelling_of_its_name(name: str) -> None:
    secret = load_settings(DIGEST | TOKEN).secret(name)

    assert secret.value.get_secret_value() == "tok-hunter2-tok"


def test_a_missing_secret_says_what_to_set() -> None:
    with pytest.raises(ConfigError, match=r"set GRADUAND_SECRET_JIRA_TOKEN .* and GRADUAND_SECR"):
        load_settings(DIGEST).secret("jira-token")


def test_every_value_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "!\n")
    (tmp_path / "token").write_text("tok-from-file\n")
    (tmp_path / "hosts").write_text("api.github.com\n")
    (tmp_path / "url").write_text("sqlite:///other.db\r\n")

    settings = load_settings(
        {
            "GRADUAND_DIGEST_KEY_FILE": str(tmp_path / "key"),
            "GRADUAND_SECRET_GITHUB_TOKEN_FILE": str(tmp_path / "token"),
            "GRADUAND_SECRET_GITHUB_TOKEN_HOSTS_FILE": str(tmp_path / "hosts"),
            "GRADUAND_DATABASE_URL_FILE": str(tmp_path / "url"),
        }
    )

    assert settings.digest_key.get_secret_value() == KEY + "!"
    assert settings.secret("github-token").value.get_secret_value() == "tok-from-file"
    assert settings.database_url.get_secret_value() == "sqlite:///other.db"


def test_a_private_key_keeps_its_lines(tmp_path: Path) -> None:
    pem = "-----BEGIN " + "PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"
    (tmp_path / "pem").write_text(pem + "\n")

    settings = load_settings(
        DIGEST
        | {
            "GRADUAND_SECRET_APP_FILE": str(tmp_path / "pem"),
            "GRADUAND_SECRET_APP_HOSTS": "api.github.com",
        }
    )

    assert settings.secret("app").value.get_secret_value() == pem


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DIGEST_KEY", KEY, "is shorter than 32 characters; create one with `python -c"),
        ("DATABASE_URL", "mysql://root:pw@db/x", "must be `sqlite:///<file>`"),
        ("DATABASE_URL", "sqlite://", "would forget the books"),
        ("DATABASE_URL", "sqlite:///:memory:", "would forget the books"),
        ("DATABASE_WRITER_ROLE", 'x"; drop', "must be a plain role name"),
        ("LAKE_DIR", "s3://key:pw@bucket/x", "without user or password"),
        ("LAKE_DIR", "s3://", "such as `s3://bucket/prefix`"),
        ("CONFIG_DIR", "https://x/config", "must be a folder of this machine"),
        ("CA_BUNDLE", "no-such-file.pem", "a file that exists"),
        ("NIGHT_DEADLINE_MINUTES", "0", "from 1 to 1440"),
        ("NIGHT_DEADLINE_MINUTES", "4h", "from 1 to 1440"),
        ("NIGHT_DEADLINE_MINUTES", "²", "from 1 to 1440"),
        ("NOW", "2026-11-20T04:30:00", "an instant with its zone"),
        ("NOW", "yesterday", "an instant with its zone"),
        ("NOW", "0001-01-01T00:00:00+14:00", "an instant with its zone"),
        ("BASE_URL_GITHUB", "http://github.example.com", "must start with https://"),
        ("BASE_URL_GITHUB", "https://u:pw@github.example.com", "must hold no user or password"),
        ("BASE_URL_GITHUB", "https://github.example.com/?a", "remove `?...`"),
        ("BASE_URL_GITHUB", "ftp://github.example.com", "must be an address such as"),
        ("BASE_URL_GITHUB", "https://x:99999", "must be an address such as"),
        ("SECRET_GITHUB_TOKEN", "two\nlines", "holds a line break"),
        ("SECRET_GITHUB_TOKEN", "naïve", "no header can carry"),
        ("SECRET_GITHUB_TOKEN_HOSTS", "https://api.github.com", "must list hosts such as"),
        ("SECRET_GITHUB_TOKEN_HOSTS", "*.github.com", "wildcard"),
        ("SECRET_GITHUB_TOKEN_HOSTS", "u@api.github.com", "must list hosts such as"),
        ("SECRET_GITHUB_TOKEN_HOSTS", "localhost:0", "must list hosts such as"),
        ("SECRET_GITHUB_TOKEN_HOSTS", "localhost:65536", "must list hosts such as"),
        ("SECRET_GITHUB_TOKEN_HOSTS", ",", "lists no host"),
    ],
)
def test_an_unusable_value_is_named_and_not_repeated(name: str, value: str, says: str) -> None:
    found = problems(DIGEST | TOKEN | {f"GRADUAND_{name}": value})

    assert len(found) == 1
    assert found[0].startswith(f"environment GRADUAND_{name}: ")
    assert says in found[0]
    assert "pw" not in found[0]
    assert "hunter2" not in found[0]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("GRADUAND_LAKE", "GRADUAND_LAKE_DIR"),
        ("GRADUAND_DATABASE_URI", "GRADUAND_DATABASE_URL"),
        ("GRADUAND_DIGESTKEY_FILE", "GRADUAND_DIGEST_KEY_FILE"),
        ("GRADUAND_SECRETS_GITHUB_TOKEN", "GRADUAND_SECRET_GITHUB_TOKEN"),
        ("GRADUAND_BASEURL_GITHUB", None),
        ("GRADUAND_BASE_URLS_GITHUB", "GRADUAND_BASE_URL_GITHUB"),
        ("GRADUAND_XYZ", None),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest_known_one(
    name: str, meant: str | None
) -> None:
    found = problems(DIGEST | {name: "x"})

    assert found[0].startswith(f"environment {name}: is no setting of graduand")
    assert meant is None or found[0].endswith(f"Did you mean `{meant}`?")


@pytest.mark.parametrize("name", ["GRADUAND_SHARED", "GRADUAND_TEST_POSTGRES", "PATH", "GRADUANDX"])
def test_variables_of_others_are_left_alone(name: str) -> None:
    load_settings(DIGEST | {name: "x"})


def test_an_empty_value_counts_as_not_set() -> None:
    assert load_settings(DIGEST | {"GRADUAND_NOW": "", "GRADUAND_LAKE_DIR": " "}).now is None


def test_a_missing_digest_key_says_how_to_make_one() -> None:
    (found,) = problems({})

    assert found.startswith("environment GRADUAND_DIGEST_KEY: is not set; create one with `python")
    assert found.endswith("and keep it: digests made with another key do not match.")


def test_a_secret_without_hosts_and_hosts_without_a_secret_are_refused() -> None:
    found = problems(
        DIGEST | {"GRADUAND_SECRET_A": "tok-hunter2", "GRADUAND_SECRET_B_HOSTS": "b.example"}
    )

    assert [text.partition(":")[0] for text in found] == [
        "environment GRADUAND_SECRET_A_HOSTS",
        "environment GRADUAND_SECRET_B",
    ]
    assert "hunter2" not in "".join(found)


def test_a_value_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "now").write_text("2026-11-20T00:00:00Z")

    found = problems(
        DIGEST
        | {"GRADUAND_NOW": "2026-11-20T00:00:00Z", "GRADUAND_NOW_FILE": str(tmp_path / "now")}
    )

    assert found == ["environment GRADUAND_NOW_FILE: and GRADUAND_NOW are both set; keep one."]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"", "names an empty file"),
        (b"\xff\xfe", "not UTF-8"),
        (b"x" * 70_000, "more than 64 KiB"),
    ],
)
def test_an_unusable_file_is_named_once(tmp_path: Path, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)

    found = problems({"GRADUAND_DIGEST_KEY_FILE": str(tmp_path / "key")})

    assert len(found) == 1
    assert says in found[0]


def test_all_problems_come_at_once() -> None:
    found = problems({"GRADUAND_NOW": "x", "GRADUAND_LAKE": "x", "GRADUAND_SECRET_A": "x"})

    assert len(found) == 4


def test_no_secret_shows_in_any_text_of_the_settings() -> None:
    environ = DIGEST | TOKEN | {"GRADUAND_DATABASE_URL": "postgresql://b:hunter2@db/x"}

    settings = load_settings(environ)

    for text in (repr(settings), str(settings), f"{settings}", repr(settings.secrets)):
        assert "hunter2" not in text
        assert KEY not in text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_settings_and_secrets_are_not_pickled(protocol: int) -> None:
    settings = load_settings(DIGEST | TOKEN)

    for holder in (settings, settings.secret("github-token")):
        with pytest.raises(TypeError, match="holds secrets and is not pickled"):
            pickle.dumps(holder, protocol)
        with pytest.raises(TypeError, match="holds secrets"):
            copy.deepcopy(holder)


def test_settings_are_frozen() -> None:
    settings = load_settings(DIGEST | TOKEN)

    for holder, field in ((settings, "lake_dir"), (settings.secret("github-token"), "hosts")):
        with pytest.raises(AttributeError):
            setattr(holder, field, "x")


def test_this_process_is_read_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADUAND_DIGEST_KEY", KEY + "?")

    settings = settings_from_environment()

    assert isinstance(settings, Settings)
    assert settings.digest_key.get_secret_value() == KEY + "?"


@given(
    name=st.sampled_from([*NAMES, "SECRET_X", "SECRET_X_HOSTS", "BASE_URL_X"]),
    noise=st.text(st.characters(exclude_characters="\0", codec="utf-8")),
)
def test_any_value_ends_in_settings_or_in_one_clear_error(name: str, noise: str) -> None:
    error = None
    try:
        load_settings(DIGEST | {f"GRADUAND_{name}": f"{noise}zq9{noise}"})
    except ConfigError as caught:
        error = caught

    assert error is None or error.problems
    assert "zq9" not in str(error)
