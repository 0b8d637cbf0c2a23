"""Contract and message: the calibration file comes back as it went, and bad ones are refused with a sentence."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

import irt
from irt import Calibration, CalibrationOptions, calibrate, curve_band, probabilities
from irt.calibration import file as calibration_file
from irt.calibration.file import from_dict, to_dict
from irt.errors import IrtError, ResponsesError


@pytest.fixture(scope="module")
def fitted(lsat6):
    return calibrate(lsat6, item_names=["one", "二", "three", "four", "five"], provenance={"source": "table"})


@pytest.fixture
def document(fitted):
    return copy.deepcopy(to_dict(fitted))


def same(first: Calibration, second: Calibration) -> None:
    for name in ("discrimination", "intercept", "guessing", "upper_asymptote"):
        np.testing.assert_array_equal(getattr(first.items, name), getattr(second.items, name))
    for name in ("discrimination", "difficulty", "intercept"):
        np.testing.assert_array_equal(getattr(first.standard_errors, name), getattr(second.standard_errors, name))
    for name in ("item_names", "log_likelihood", "n_persons", "n_parameters", "history", "status", "options"):
        assert getattr(first, name) == getattr(second, name), name
    np.testing.assert_array_equal(first.item_covariance(), second.item_covariance())
    np.testing.assert_array_equal(first.n_answers, second.n_answers)
    assert first.excluded_items == second.excluded_items
    assert first.provenance == second.provenance
    assert first.items.item_ids == second.items.item_ids


class TestOlderFiles:
    def test_keys_that_came_later_have_their_usual_values(self, fitted, document):
        for key in ("at_limit", "population", "sabic"):
            del document[key]
        for key in ("guessing_prior", "upper_prior"):
            del document["options"][key]
        for record in document["items"]:
            del record["se"]["upper_asymptote"]
        same(fitted, from_dict(document))

    def test_three_numbers_for_each_item(self):
        """A 3PL of another program, with standard errors alone."""
        se = {"discrimination": 0.2, "difficulty": 0.3, "intercept": 0.1, "guessing": 0.05}
        item = {"item_id": "q1", "discrimination": 1.5, "difficulty": 0.5, "guessing": 0.2, "se": se}
        document = {"format": "itemwise-calibration/1", "model": "3PL", "status": "converged", "items": [item]}
        loaded = from_dict(document)
        assert loaded.covariance.shape == (3, 3)
        np.testing.assert_allclose(np.sqrt(np.diag(loaded.covariance)), [0.2, 0.1, 0.05])


class TestRoundTrip:
    def test_everything_comes_back(self, fitted, tmp_path):
        fitted.save(tmp_path / "c.json")
        loaded = Calibration.load(tmp_path / "c.json")
        same(fitted, loaded)
        np.testing.assert_array_equal(fitted.covariance, loaded.covariance)

    def test_intervals_are_equal_to_the_last_bit(self, fitted, lsat6, tmp_path):
        fitted.save(tmp_path / "c.json")
        loaded = Calibration.load(tmp_path / "c.json")
        first, second = probabilities(lsat6, fitted), probabilities(lsat6, loaded)
        np.testing.assert_array_equal(first.lower, second.lower)
        np.testing.assert_array_equal(first.upper, second.upper)

    def test_what_cannot_be_had_is_null(self, lsat6, tmp_path):
        scores = np.vstack([np.hstack([lsat6.scores, np.full((32, 1), -1)]), np.full((2, 6), -1)])
        scores[32:, 5] = 0, 1
        weights = [*lsat6.weights, 5, 6]
        fitted = calibrate(irt.ResponseMatrix.from_array(scores, weights=weights))
        text = json.dumps(to_dict(fitted), allow_nan=False)
        assert json.loads(text)["items"][5]["se"]["discrimination"] is None
        assert json.loads(text)["status"] == "not_identified"
        same(fitted, from_dict(json.loads(text)))

    def test_large_calibrations_keep_their_item_blocks(self, fitted, monkeypatch):
        monkeypatch.setattr(calibration_file, "WHOLE_COVARIANCE", 4)
        loaded = from_dict(json.loads(json.dumps(to_dict(fitted))))
        same(fitted, loaded)
        assert np.isnan(loaded.covariance[0, 2])

    def test_without_covariance_it_follows_from_the_standard_errors(self, fitted, document):
        del document["covariance"]
        theta = np.linspace(-3, 3, 7)
        first, second = curve_band(theta, fitted), curve_band(theta, from_dict(document))
        # The covariance of slope and intercept is solved from a difference of squares: some digits are lost.
        np.testing.assert_allclose(first.lower, second.lower, atol=1e-10)

    def test_options_and_exclusions(self, lsat6, tmp_path):
        more = np.hstack([lsat6.scores, np.ones((32, 1), int)])
        matrix = irt.ResponseMatrix.from_array(more, weights=lsat6.weights)
        fitted = calibrate(matrix, options=CalibrationOptions(model="1PL", prior="weak", n_quadrature=81))
        fitted.save(tmp_path / "c.json")
        same(fitted, Calibration.load(tmp_path / "c.json"))

    def test_students_left_out_are_counted_not_named(self, lsat6):
        scores = np.vstack([lsat6.scores, np.full((1, 5), -1)])
        names = [f"pupil-{i}" for i in range(33)]
        fitted = calibrate(irt.ResponseMatrix.from_array(scores, names, weights=[*lsat6.weights, 1]))
        text = json.dumps(to_dict(fitted))
        assert json.loads(text)["n_excluded_persons"] == 1
        assert "pupil" not in text


def test_keys_that_other_programs_rely_on(document):
    assert document["format"] == "itemwise-calibration/1"
    assert {
        "model", "status", "message", "n_persons", "n_items", "log_likelihood", "n_parameters", "aic", "bic",
        "iterations", "items", "excluded", "options", "provenance",
    } <= set(document)  # fmt: skip
    assert set(document["items"][0]) == {
        "item_id", "item_name", "n", "discrimination", "difficulty", "intercept", "guessing", "upper_asymptote", "se",
    }  # fmt: skip
    assert set(document["items"][0]["se"]) == {
        "discrimination", "difficulty", "intercept", "guessing", "upper_asymptote",
    }  # fmt: skip
    assert (document["status"], document["n_persons"], document["n_items"]) == ("converged", 1000, 5)
    assert document["items"][0]["n"] == 1000


def test_least_that_is_needed():
    loaded = from_dict(
        {
            "format": "itemwise-calibration/1",
            "model": "2PL",
            "status": "converged",
            "items": [{"item_id": "q1", "discrimination": 2, "difficulty": 0.5}],
        }
    )
    assert loaded.items.intercept[0] == -1.0
    assert loaded.item_names == ("q1",)
    assert np.isnan(loaded.standard_errors.discrimination[0])
    matrix = irt.ResponseMatrix.from_array([[1]], item_ids=["q1"])
    chances = probabilities(matrix, loaded)
    assert np.isfinite(chances.probability[0, 0])
    assert np.isnan(chances.lower[0, 0])


FAULTS = [
    (("format",), "other/1", "format must be one of itemwise-calibration/1, not 'other/1'"),
    (("model",), "5PL", "model must be one of 1PL"),
    (("model",), ["2PL"], "model must be one of 1PL"),
    (("status",), None, "status must be one of converged, iteration_limit"),
    (("items",), {}, "items must be a list, not an object"),
    (("items",), [], "items must be a list of 1 to 2,000 items"),
    (("items", 1), 3, r"items\[1\] must be an object, not 3"),
    (("items", 1, "item_id"), 7, r"items\[1\]\.item_id must be text, not 7"),
    (("items", 1, "item_id"), "Item_1", r"items\[1\]\.item_id must be unlike items\[0\]\.item_id"),
    (("items", 2, "discrimination"), "x", r"items\[2\]\.discrimination must be a number, not 'x'"),
    (("items", 2, "discrimination"), True, r"items\[2\]\.discrimination must be a number, not True"),
    (("items", 2, "discrimination"), 1e9, r"items\[2\]\.discrimination must be between"),
    (("items", 2, "discrimination"), 10**400, r"items\[2\]\.discrimination must be between .* beyond all limits"),
    (("items", 2, "intercept"), 5.0, r"items\[2\]\.intercept must be -discrimination \* difficulty"),
    (("items", 2, "guessing"), 1.5, r"items\[2\]\.guessing must be between 0 and 1"),
    (("items", 2, "upper_asymptote"), 0.0, r"items\[2\]\.guessing must be below the upper asymptote"),
    (("items", 2, "se"), "none", r"items\[2\]\.se must be an object"),
    (("items", 2, "se", "difficulty"), -1.0, r"items\[2\]\.se\.difficulty must be at least 0"),
    (("items", 2, "item_name"), [], r"items\[2\]\.item_name must be text, not a list"),
    (("n_persons",), 1.5, "n_persons must be a whole number"),
    (("n_persons",), float("inf"), "n_persons must be between"),
    (("log_likelihood",), float("inf"), "log_likelihood must be a finite number"),
    (("options", "model"), "1PL", "options.model must be one of 2PL"),
    (("options", "prior"), "strong", "options.prior must be one of weak"),
    (("options", "tolerance"), 3, "options.tolerance must be between 0 and 1"),
    (("options", "guessing_prior"), [1.0], "options.guessing_prior must be a mean and a standard deviation"),
    (("options", "upper_prior"), [1.0, 0.0], "options.upper_prior must be a mean and a standard deviation above 0"),
    (("options",), [], "options must be an object"),
    (("population", "sd"), -1.0, "population.sd must be between"),
    (("at_limit",), 3, "at_limit must be a list"),
    (("excluded",), "none", "excluded must be a list"),
    (("provenance",), "none", "provenance must be an object"),
    (("covariance", "lower_triangle"), [1.0], "covariance.lower_triangle must be a list of 55 numbers for 5 items"),
    (("covariance", "lower_triangle", 3), "x", r"covariance.lower_triangle\[3\] must be a number"),
    (("covariance",), {"item_blocks": [[1.0]]}, "item_blocks must be a list of 5 lists of 3 numbers"),
    (("covariance",), 3, "covariance must be an object"),
    (("history",), 3, "history must be a list"),
]


@pytest.mark.parametrize(("path", "value", "words"), FAULTS, ids=[".".join(map(str, f[0])) for f in FAULTS])
def test_faults_are_named_with_their_path(document, path, value, words):
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ResponsesError, match=words) as caught:
        from_dict(document)
    assert str(caught.value).endswith(".")
    assert "path" in caught.value.facts


@pytest.mark.parametrize("document", [None, 3, "text", [], [{}]], ids=repr)
def test_what_is_no_document(document):
    with pytest.raises(ResponsesError, match="the document must be an object"):
        from_dict(document)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is not JSON"),
        (b"{", r"it is not JSON \(line 1, column 2"),
        (b"\xff\xfe\x00", "it is not UTF-8 text"),
        (b'{"format": NaN}', "NaN is not a number"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"n": ' + b"9" * 5000 + b"}", "is not a calibration file"),
        (b"[]", "the document must be an object"),
    ],
    ids=["empty", "cut off", "binary", "NaN", "deep", "endless number", "list"],
)
def test_hostile_files(tmp_path, content, words):
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(ResponsesError, match=words):
        Calibration.load(path)


def test_file_that_is_too_large(tmp_path):
    path = tmp_path / "large.json"
    with path.open("wb") as large:
        large.truncate(64_000_001)
    with pytest.raises(ResponsesError, match="64 MB; a calibration file may have up to 64 MB"):
        Calibration.load(path)


def test_more_items_than_memory_can_take():
    item = {"discrimination": 1.0, "difficulty": 0.0}
    items = [{"item_id": str(k), **item} for k in range(2001)]
    document = {"format": "itemwise-calibration/1", "model": "2PL", "status": "converged", "items": items}
    with pytest.raises(ResponsesError, match="2,001"):
        from_dict(document)


def test_file_that_is_not_there(tmp_path):
    with pytest.raises(ResponsesError, match=r"There is no calibration file c\.json"):
        Calibration.load(tmp_path / "c.json")
    with pytest.raises(ResponsesError, match="There is no calibration file"):
        Calibration.load(tmp_path)


def test_folder_that_is_not_there(fitted, tmp_path):
    with pytest.raises(IrtError, match=r"c\.json cannot be written: No such file or directory"):
        fitted.save(tmp_path / "none" / "c.json")
    assert list(tmp_path.iterdir()) == []


def test_no_file_that_could_not_be_read_again(fitted, tmp_path, monkeypatch):
    monkeypatch.setattr(calibration_file, "MOST_ITEMS", 4)
    with pytest.raises(IrtError, match="holds up to 4 items, not 5"):
        fitted.save(tmp_path / "c.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("error")
def test_an_item_at_the_end_of_the_numbers_overflows_nothing():
    item = {"item_id": "a", "discrimination": 1e-300, "difficulty": 1e300}
    whole = {"format": "itemwise-calibration/1", "model": "2PL", "status": "converged", "items": [item]}
    assert np.isnan(from_dict(whole).standard_errors.difficulty).all()
