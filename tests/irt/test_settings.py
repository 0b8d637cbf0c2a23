"""Settings: what each environment variable does, and the sentence for a value that cannot be used."""

from __future__ import annotations

import ipaddress
import json
import re
from pathlib import Path

import pytest

from irt.callers import Grant, Role
from irt.errors import SettingsError
from irt.selection import Scope
from irt.setting_values import is_among, read_limit, read_proxies
from irt.settings import SETTINGS, Settings, check_bind, is_loopback, settings_markdown, settings_text

#: A JWK set of one shared secret, as a setting.
KEYS = json.dumps(
    {"keys": [{"kty": "oct", "kid": "one", "alg": "HS256", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}]}
)
SECRET = "0123456789abcdef" * 2


def test_defaults_serve_this_machine_only() -> None:
    settings = Settings.from_environment({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8050)
    assert settings.source == "parquet:data/responses"
    assert settings.is_default_folder
    assert settings.cache == Path("data/cache")
    assert settings.minimum_group == 10
    assert not settings.allow_anonymous


def test_every_setting_is_read() -> None:
    settings = Settings.from_environment(
        {
            "ITEMWISE_SOURCE": "parquet:/srv/answers",
            "ITEMWISE_GROUPS": " gender , school,gender",
            "ITEMWISE_CACHE": "off",
            "ITEMWISE_MINIMUM_GROUP": "20",
            "ITEMWISE_PATH_PREFIX": "exams",
            "ITEMWISE_PORTAL_ORIGINS": "https://portal.example.org, http://localhost:3000",
            "ITEMWISE_ALLOW_ANONYMOUS": "1",
            "ITEMWISE_LINK_KEY": "k" * 32,
            "HOST": "::1",
            "PORT": "9000",
        }
    )
    assert settings == Settings(
        folder=Path("/srv/answers"),
        is_default_folder=False,
        groups=("gender", "school"),
        cache=None,
        minimum_group=20,
        path_prefix="/exams/",
        portal_origins=("https://portal.example.org", "http://localhost:3000"),
        allow_anonymous=True,
        link_key=b"k" * 32,
        host="::1",
        port=9000,
    )


def test_every_setting_of_a_warehouse_is_read() -> None:
    settings = Settings.from_environment(
        {
            "ITEMWISE_SOURCE": "bigquery:example.com:school-1.exams.answers 2026",
            "ITEMWISE_COLUMNS": '{"correct": "is_right", "student_id": "生徒"}',
            "ITEMWISE_SAMPLE": "off",
            "ITEMWISE_BIGQUERY_PROJECT": "payer",
            "ITEMWISE_BIGQUERY_LOCATION": "asia-northeast1",
            "ITEMWISE_BIGQUERY_ASK_BYTES": "0",
            "ITEMWISE_BIGQUERY_MAX_BYTES": "1.5 gb",
            "ITEMWISE_BIGQUERY_DAY_BYTES": "2TB",
            "ITEMWISE_BIGQUERY_PRICE": "7.5",
            "ITEMWISE_BIGQUERY_ENDPOINT": "http://localhost:9050/",
            "ITEMWISE_STORAGE_ENDPOINT": "https://storage.example.org",
        }
    )
    assert settings == Settings(
        table="example.com:school-1.exams.answers 2026",
        is_default_folder=False,
        columns={"correct": "is_right", "student_id": "生徒"},
        sample=None,
        billing_project="payer",
        location="asia-northeast1",
        ask_bytes=0,
        max_bytes=1_500_000_000,
        day_bytes=2 * 10**12,
        price=7.5,
        bigquery_endpoint="http://localhost:9050",
        storage_endpoint="https://storage.example.org",
    )
    assert settings.source == "bigquery:example.com:school-1.exams.answers 2026"


def test_every_setting_of_access_is_read(tmp_path: Path) -> None:
    grants = tmp_path / "grants.json"
    grants.write_text(
        json.dumps(
            {
                "ada": {"subjects": ["Mathematics"], "exams": "*", "classes": ["7a"], "names": True},
                "*": {"subjects": "*", "exams": "*", "classes": "*", "role": "analyst", "language": "ja"},
            }
        )
    )
    settings = Settings.from_environment(
        {
            "ITEMWISE_EMBED_KEYS": KEYS,
            "ITEMWISE_PORTAL_ORIGINS": "https://Portal.example.org:443,https://portal.example.org, http://[::1]:80",
            "ITEMWISE_LOGIN_PROXIES": "10.0.0.5, fd00::/64,unix , 10.0.0.5",
            "ITEMWISE_LOGIN_HEADER": "X-Forwarded-User",
            "ITEMWISE_LOGIN_GRANTS": str(grants),
            "ITEMWISE_AUDIT_LOG": str(tmp_path / "audit.log"),
            "ITEMWISE_RATE_LIMIT": "600/minute, 20/second",
            "ITEMWISE_TIMEOUT": "2.5",
            "ITEMWISE_STALE": "90m",
            "ITEMWISE_METRICS_KEY": SECRET,
        }
    )
    assert settings.embed_keys is not None
    assert list(settings.embed_keys.by_kid) == ["one"]
    assert settings.portal_origins == ("https://portal.example.org", "http://[::1]")
    assert settings.login_proxies == (
        ipaddress.ip_network("10.0.0.5/32"),
        ipaddress.ip_network("fd00::/64"),
        "unix",
    )
    assert settings.login_header == "X-Forwarded-User"
    assert settings.login_grants == {
        "ada": Grant(Scope(frozenset({"Mathematics"}), None, frozenset({"7a"}), names=True), Role.TEACHER, "en"),
        "*": Grant(Scope(names=False), Role.ANALYST, "ja"),
    }
    assert settings.audit_log == tmp_path / "audit.log"
    assert (settings.rate_limit, settings.timeout, settings.stale) == ("600/minute, 20/second", 2.5, 5400.0)
    assert settings.metrics_key == SECRET.encode()


def test_what_may_be_switched_off_is_off() -> None:
    settings = Settings.from_environment({"ITEMWISE_RATE_LIMIT": "off", "ITEMWISE_STALE": "off"})
    assert (settings.rate_limit, settings.stale) == (None, 0.0)


def test_keys_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(KEYS)
    settings = Settings.from_environment({"ITEMWISE_EMBED_KEYS": str(file)})
    assert settings == Settings.from_environment({"ITEMWISE_EMBED_KEYS": KEYS})


def test_empty_counts_as_not_set() -> None:
    assert Settings.from_environment({"PORT": " ", "ITEMWISE_CACHE": "", "ITEMWISE_COLUMNS": ""}) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ITEMWISE_SOURCE", "postgres:x", "must be parquet:FOLDER or bigquery:PROJECT.DATASET.TABLE, not 'postgres:x'"),
        ("ITEMWISE_SOURCE", "parquet:", "must be parquet:FOLDER"),
        ("ITEMWISE_SOURCE", "bigquery:exams.answers", "must be bigquery:PROJECT.DATASET.TABLE"),
        ("ITEMWISE_SOURCE", "bigquery:p.d.t`; DROP TABLE x", "must be bigquery:PROJECT.DATASET.TABLE"),
        ("ITEMWISE_SOURCE", "bigquery:p.d.t{table}", "must be bigquery:PROJECT.DATASET.TABLE"),
        ("ITEMWISE_SOURCE", "bigquery:p.d.t*", "must be bigquery:PROJECT.DATASET.TABLE"),
        ("ITEMWISE_COLUMNS", '{"correct": "right"}', "ITEMWISE_SOURCE names none"),
        ("ITEMWISE_COLUMNS", "correct=right", 'a JSON object of texts such as {"correct": "is_right"}'),
        ("ITEMWISE_COLUMNS", '["correct"]', "a JSON object of texts"),
        ("ITEMWISE_COLUMNS", '{"correct": 1}', "a JSON object of texts"),
        ("ITEMWISE_COLUMNS", '{"correct": "a`b"}', "there is no column 'a`b' in BigQuery"),
        ("ITEMWISE_COLUMNS", '{"correct": "a", "correct": "b"}', "a name is there twice in one object"),
        ("ITEMWISE_SAMPLE", "all", "a whole number from 100 to 999999999, or off"),
        ("ITEMWISE_BIGQUERY_PROJECT", "a b", "a project's id"),
        ("ITEMWISE_BIGQUERY_LOCATION", "EU; x", "a location such as EU"),
        ("ITEMWISE_BIGQUERY_ASK_BYTES", "lots", "a number of bytes such as 1000000, 5GB or 2TB"),
        ("ITEMWISE_BIGQUERY_MAX_BYTES", "0", "a number of bytes"),
        ("ITEMWISE_BIGQUERY_MAX_BYTES", "-1", "a number of bytes"),
        ("ITEMWISE_BIGQUERY_DAY_BYTES", "1 ZB", "a number of bytes"),
        ("ITEMWISE_BIGQUERY_PRICE", "$6", "a number of US dollars"),
        ("ITEMWISE_BIGQUERY_ENDPOINT", "localhost:9050", "an address such as"),
        ("ITEMWISE_BIGQUERY_ENDPOINT", "http://bigquery.example.org", "http:// is for this machine only"),
        ("ITEMWISE_STORAGE_ENDPOINT", "http://127.0.0.1.example.org", "http:// is for this machine only"),
        ("ITEMWISE_GROUPS", "gender,,school", "column names separated by commas"),
        ("ITEMWISE_MINIMUM_GROUP", "1", "a whole number from 2"),
        ("ITEMWISE_MINIMUM_GROUP", "ten", "a whole number"),
        ("ITEMWISE_SOURCE", f"parquet:{__file__}", "must be parquet:FOLDER (there is a file of that name)"),
        ("ITEMWISE_CACHE", __file__, "must be a folder or off (there is a file of that name)"),
        ("ITEMWISE_PATH_PREFIX", "/a b/", "a path such as"),
        ("ITEMWISE_PATH_PREFIX", "/a/../b/", "a path such as"),
        ("ITEMWISE_PORTAL_ORIGINS", "https://a.example; script-src *", "origins separated by commas"),
        ("ITEMWISE_PORTAL_ORIGINS", "*", "origins separated by commas"),
        ("ITEMWISE_PORTAL_ORIGINS", "https://a.example/path", "origins separated by commas"),
        ("ITEMWISE_PORTAL_ORIGINS", "https://a.example:x", "origins separated by commas"),
        ("ITEMWISE_PORTAL_ORIGINS", "http://portal.example.org", "https:// origins (http:// is for this machine only)"),
        ("ITEMWISE_PORTAL_ORIGINS", "https://*.example.org", "origins separated by commas"),
        ("ITEMWISE_PORTAL_ORIGINS", "null", "origins separated by commas"),
        ("ITEMWISE_PORTAL_ORIGINS", "https://user@a.example", "origins separated by commas"),
        ("ITEMWISE_EMBED_KEYS", "no-such-file", "a JWK set as JSON, or the path of a readable file"),
        ("ITEMWISE_EMBED_KEYS", '{"keys": []}', "with at least one key"),
        ("ITEMWISE_LOGIN_PROXIES", "proxy.example.org", "addresses or networks such as 10.0.0.5"),
        ("ITEMWISE_LOGIN_PROXIES", "10.0.0.1/8", "addresses or networks such as 10.0.0.5"),
        ("ITEMWISE_LOGIN_PROXIES", "10.0.0.1,,unix", "addresses or networks such as 10.0.0.5"),
        ("ITEMWISE_LOGIN_PROXIES", "0.0.0.0/0", "0.0.0.0/0 is every address, which would believe anybody"),
        ("ITEMWISE_LOGIN_PROXIES", "::/0", "::/0 is every address"),
        ("ITEMWISE_LOGIN_HEADER", "X-Remote-User", "ITEMWISE_LOGIN_PROXIES names none"),
        ("ITEMWISE_LOGIN_HEADER", "X_Remote_User", "the name of a header"),
        ("ITEMWISE_LOGIN_HEADER", "X-Remote: User", "the name of a header"),
        ("ITEMWISE_LOGIN_HEADER", "authorization", "a header that only the login proxy sets"),
        ("ITEMWISE_LOGIN_HEADER", "Host", "a header that only the login proxy sets"),
        ("ITEMWISE_LOGIN_HEADER", "Cookie", "a header that only the login proxy sets"),
        ("ITEMWISE_LOGIN_HEADER", "X-Forwarded-For", "a header that only the login proxy sets"),
        ("ITEMWISE_LOGIN_HEADER", "Sec-Fetch-Site", "a header that only the login proxy sets"),
        ("ITEMWISE_LOGIN_GRANTS", "no-such-file", "this file cannot be read"),
        ("ITEMWISE_LOGIN_GRANTS", __file__, "this is no JSON at line 1"),
        ("ITEMWISE_ALLOW_ANONYMOUS", "yes", "0 or 1"),
        ("ITEMWISE_AUDIT_LOG", "/", "a file (there is a folder of that name)"),
        ("ITEMWISE_AUDIT_LOG", "/no-such-folder/audit.log", "a file in a folder that is there"),
        ("ITEMWISE_RATE_LIMIT", "600", "such as 600/minute or 600/minute, 20/second, or off"),
        ("ITEMWISE_RATE_LIMIT", "0/minute", "such as 600/minute"),
        ("ITEMWISE_RATE_LIMIT", "5/fortnight", "such as 600/minute"),
        ("ITEMWISE_TIMEOUT", "0", "a number of seconds from 0.1 to 3600"),
        ("ITEMWISE_TIMEOUT", "inf", "a number of seconds"),
        ("ITEMWISE_STALE", "24", "a time such as 90m, 24h or 7d, or off"),
        ("ITEMWISE_STALE", "0h", "a time such as 90m"),
        ("HOST", "a b", "a host name or address"),
        ("PORT", "0", "from 1 to 65535"),
        ("PORT", "65536", "from 1 to 65535"),
        ("PORT", "８０", "from 1 to 65535"),
        ("ITEMWISE_GROUP", "gender", "did you mean ITEMWISE_GROUPS?"),
    ],
)
def test_a_wrong_value_is_one_sentence(name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(says)) as caught:
        Settings.from_environment({name: value})
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["ITEMWISE_LINK_KEY", "ITEMWISE_METRICS_KEY", "ITEMWISE_EMBED_KEYS"])
def test_a_secret_is_never_repeated(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} must be .*not shown: it is a secret") as caught:
        Settings.from_environment({name: "too-short-secret"})
    assert "too-short-secret" not in str(caught.value)


def test_secrets_are_not_in_the_description_of_settings() -> None:
    settings = Settings.from_environment(
        {"ITEMWISE_LINK_KEY": SECRET, "ITEMWISE_METRICS_KEY": SECRET, "ITEMWISE_EMBED_KEYS": KEYS}
    )
    assert SECRET not in repr(settings)


@pytest.mark.parametrize("value", ["{}", "[]", '{"ada": "*"}', '{"ada": {"subjects": "*"}}', '{"ada": {}, "ada": {}}'])
def test_a_file_of_grants_that_is_not_understood_lets_nobody_in(value: str, tmp_path: Path) -> None:
    file = tmp_path / "grants.json"
    file.write_text(value)
    with pytest.raises(SettingsError, match="ITEMWISE_LOGIN_GRANTS must be the path of a JSON file") as caught:
        Settings.from_environment({"ITEMWISE_LOGIN_PROXIES": "unix", "ITEMWISE_LOGIN_GRANTS": str(file)})
    assert "(ada" not in str(caught.value)


@pytest.mark.parametrize(
    "asking", [{"ITEMWISE_EMBED_KEYS": KEYS}, {"ITEMWISE_LOGIN_PROXIES": "unix"}], ids=lambda given: next(iter(given))
)
def test_asking_who_it_is_and_letting_everybody_in_do_not_go_together(asking: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=f"lets everybody in, and {next(iter(asking))} asks who they are"):
        Settings.from_environment({"ITEMWISE_ALLOW_ANONYMOUS": "1", **asking})
    assert not Settings.from_environment({"ITEMWISE_ALLOW_ANONYMOUS": "0", **asking}).allow_anonymous


@pytest.mark.parametrize(
    ("address", "proxies", "among"),
    [
        ("10.0.0.5", "10.0.0.5", True),
        ("10.0.0.6", "10.0.0.5", False),
        ("10.0.0.6", "10.0.0.0/24", True),
        ("::ffff:10.0.0.5", "10.0.0.5", True),
        ("fd00::7", "10.0.0.5, fd00::/64", True),
        ("fe80::1%eth0", "fe80::/10", True),
        ("", "unix", True),
        ("", "10.0.0.5", False),
        ("127.0.0.1", "unix", False),
        ("unix", "unix", False),
        ("10.0.0.5, 10.0.0.6", "10.0.0.0/24", False),
    ],
)
def test_which_peers_are_login_proxies(address: str, proxies: str, among: bool) -> None:
    assert is_among(address, read_proxies(proxies)) is among


@pytest.mark.parametrize("value", ["600/minute", "600/minute, 20/second", "5 / 2 hours;1000/day", "1/10 minutes"])
def test_limits_understands_the_rates_that_are_taken(value: str) -> None:
    from limits import parse_many

    assert read_limit(value) == value
    assert len(parse_many(value)) == len(re.split("[,;]", value))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_loopback_needs_no_leave(host: str) -> None:
    assert is_loopback(host)
    check_bind(host, Settings())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.0.4", "example.org", "127.0.0.1.example.org"])  # noqa: S104
def test_a_public_address_needs_leave(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(SettingsError, match="ITEMWISE_ALLOW_ANONYMOUS=1"):
        check_bind(host, Settings())
    for leave in ({"ITEMWISE_ALLOW_ANONYMOUS": "1"}, {"ITEMWISE_EMBED_KEYS": KEYS}, {"ITEMWISE_LOGIN_PROXIES": "unix"}):
        check_bind(host, Settings.from_environment(leave))


def test_both_tables_hold_every_setting() -> None:
    for setting in SETTINGS:
        assert f"`{setting.name}`" in settings_markdown()
        assert setting.name in settings_text()
