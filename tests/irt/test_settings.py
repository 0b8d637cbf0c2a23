"""Settings: what each environment variable does, and the sentence for a value that cannot be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from irt.errors import SettingsError
from irt.settings import SETTINGS, Settings, check_bind, is_loopback, settings_markdown, settings_text


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
        ("ITEMWISE_COLUMNS", '{"correct": "a", "correct": "b"}', "'correct' is there twice"),
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
        ("ITEMWISE_ALLOW_ANONYMOUS", "yes", "0 or 1"),
        ("HOST", "a b", "a host name or address"),
        ("PORT", "0", "from 1 to 65535"),
        ("PORT", "65536", "from 1 to 65535"),
        ("PORT", "８０", "from 1 to 65535"),
        ("ITEMWISE_EMBED_KEYS", "k", "not supported by this version"),
        ("ITEMWISE_GROUP", "gender", "did you mean ITEMWISE_GROUPS?"),
    ],
)
def test_a_wrong_value_is_one_sentence(name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(says)) as caught:
        Settings.from_environment({name: value})
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_link_key_is_never_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({"ITEMWISE_LINK_KEY": "too-short-secret"})
    assert "too-short-secret" not in str(caught.value)
    assert "kkkk" not in repr(Settings(link_key=b"k" * 32))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_loopback_needs_no_leave(host: str) -> None:
    assert is_loopback(host)
    check_bind(host, Settings())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.0.4", "example.org", "127.0.0.1.example.org"])  # noqa: S104
def test_a_public_address_needs_leave(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(SettingsError, match="ITEMWISE_ALLOW_ANONYMOUS=1"):
        check_bind(host, Settings())
    check_bind(host, Settings(allow_anonymous=True))


def test_both_tables_hold_every_setting() -> None:
    for setting in SETTINGS:
        assert f"`{setting.name}`" in settings_markdown()
        assert setting.name in settings_text()
