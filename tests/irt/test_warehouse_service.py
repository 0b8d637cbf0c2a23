"""Identity: the service gives the same numbers over BigQuery (the real client, the double) and the embedded store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from irt.commands import main
from irt.errors import SettingsError
from irt.opening import open_jobs, open_source
from irt.selection import FULL_SCOPE, Selection
from irt.serialise import Table, abilities_table, items_table
from irt.service import Service
from irt.settings import Settings
from irt.sources import ParquetStore
from irt.warehouse import jobs
from irt.warehouse.patience import Patience
from irt.warehouse.source import BigQuerySource
from tests.warehouse import Warehouse

EXAM = Selection("Mathematics (simulated)", ("Term 1",))
Services = tuple[Service, Service]


@pytest.fixture(scope="module")
def services(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """One service over each source, with the sample exams in both."""
    store = ParquetStore(sample_store)
    groups = store.catalogue(FULL_SCOPE).groupings
    assert groups
    with Warehouse() as served:
        served.put_table(
            "p.d.answers", f"SELECT * FROM read_parquet('{sample_store}/import-*.parquet', union_by_name = true)"
        )
        cache = tmp_path_factory.mktemp("cache")
        yield (
            Service(store),
            Service(BigQuerySource("p.d.answers", groups=groups, endpoint=served.endpoint, cache=cache)),
        )


def columns(table: Table) -> list[list[str]]:
    """The values of a table, to the last digit; nan is nan."""
    return [[repr(value) for value in column] for column in table.values]


def test_there_are_exams(services: Services) -> None:
    here, there = (service.catalogue(FULL_SCOPE) for service in services)
    assert here == there
    assert ("Mathematics (simulated)", "Term 1") in here.exam_sizes


def test_the_items_are_the_same(services: Services) -> None:
    here, there = (service.exam(FULL_SCOPE, EXAM) for service in services)
    assert columns(items_table(here)) == columns(items_table(there))
    assert here.health == there.health
    assert here.class_scores == there.class_scores


def test_the_abilities_are_the_same(services: Services) -> None:
    here, there = (service.abilities(FULL_SCOPE, EXAM, "EAP") for service in services)
    assert columns(abilities_table(here, {})) == columns(abilities_table(there, {}))


def test_the_students_are_the_same(services: Services) -> None:
    here, there = (service.students(FULL_SCOPE, EXAM).students for service in services)
    told = [[(one.name, one.class_name, repr(one.score), repr(one.theta)) for one in some] for some in (here, there)]
    assert told[0] == told[1]
    assert len(told[0]) > 100


# A warehouse that cannot be reached ----------------------------------------------------------------------------------


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Settings of a warehouse where nobody listens, with a reader who gives up at once."""
    monkeypatch.setattr(jobs, "QUICK", Patience(call=2.0, retry=0.1, job=2.0))
    settings = {
        "ITEMWISE_SOURCE": "bigquery:p.d.answers",
        "ITEMWISE_BIGQUERY_ENDPOINT": "http://127.0.0.1:9",
        "ITEMWISE_CACHE": "off",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return settings


SENTENCE = "BigQuery at http://127.0.0.1:9 cannot be reached. Check the network and ITEMWISE_BIGQUERY_ENDPOINT"


def test_a_command_ends_with_a_sentence_and_code_3(
    unreachable: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["items"]) == 3
    assert SENTENCE in capsys.readouterr().err


def test_the_dashboard_starts_and_says_that_it_cannot_read(unreachable: dict[str, str]) -> None:
    from dashboard import create_app
    from irt.service import open_service

    settings = Settings.from_environment(unreachable)
    client = create_app(open_service(settings), settings).server.test_client()
    assert client.get("/").status_code == 200
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert SENTENCE in answer.get_json()["detail"]


def test_a_name_that_is_no_column_of_the_contract_stops_the_start() -> None:
    settings = Settings.from_environment(
        {"ITEMWISE_SOURCE": "bigquery:p.d.answers", "ITEMWISE_COLUMNS": '{"corect": "is_right"}'}
    )
    with pytest.raises(SettingsError, match=r"must map columns of the contract \(student_id, .*\), not corect\."):
        open_source(settings)


def test_the_settings_reach_the_jobs(tmp_path: Path) -> None:
    with Warehouse() as served:
        served.put_table(
            "p.d.answers", "SELECT 'a' AS pupil, 'i' AS item_id, '' AS subject_name, 'E' AS exam_name, 1 AS correct"
        )
        settings = Settings.from_environment(
            {
                "ITEMWISE_SOURCE": "bigquery:p.d.answers",
                "ITEMWISE_COLUMNS": '{"student_id": "pupil"}',
                "ITEMWISE_GROUPS": "pupil",
                "ITEMWISE_CACHE": str(tmp_path),
                "ITEMWISE_BIGQUERY_PROJECT": "payer",
                "ITEMWISE_BIGQUERY_LOCATION": "US",
                "ITEMWISE_BIGQUERY_MAX_BYTES": "50GB",
                "ITEMWISE_BIGQUERY_PRICE": "5",
                "ITEMWISE_BIGQUERY_ENDPOINT": served.endpoint,
            }
        )
        source = open_source(settings)
        assert source.catalogue(FULL_SCOPE).groupings == ("pupil",)
        (request,) = served.calls("jobs.query")
        assert request.path == "/bigquery/v2/projects/payer/queries"
        assert request.body["location"] == "US"
        assert request.body["maximumBytesBilled"] == str(50 * 10**9)
        assert isinstance(source, BigQuerySource)
        assert source.spending().limits.price == 5.0
        assert (tmp_path / "spending").is_dir()
        other = open_jobs(settings, "q.d.scores")
        assert other.project == "payer"
        assert other.ledger.billed_today() == source.spending().bytes_billed_today > 0
