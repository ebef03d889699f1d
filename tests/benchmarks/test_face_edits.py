"""Parts of the benchmark of edited faces that need no trained model."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal


@pytest.fixture
def face_edits(benchmark_module):
    return benchmark_module("face_edits")


def test_faces_shrink_to_means_over_squares_of_pixels(benchmark_module):
    drawn = benchmark_module("drawn")
    images = np.zeros((1, 4, 4, 1), dtype=np.uint8)
    images[0, :2, :2, 0] = [[10, 20], [30, 41]]
    assert_array_equal(drawn.resized(images, 2)[0, ..., 0], [[25, 0], [0, 0]])
    assert drawn.resized(images, 4) is images
    assert drawn.resized(np.zeros((3, 2, 64, 64, 3)), 32).shape == (3, 2, 32, 32, 3)


def test_a_region_is_the_same_part_of_images_of_either_size(benchmark_module):
    judge = benchmark_module("judge")
    large = np.arange(64)[:, None, None] + np.zeros((64, 64, 1))
    small = large[::2, ::2]
    assert_array_equal(judge.cropped(large[None], "eyes")[0, :, 0, 0], range(20, 44))
    assert judge.cropped(small[None], "eyes").shape == (1, 12, 24, 1)
    assert_array_equal(judge.cropped(small[None], "face"), small[None])


def test_every_label_has_a_region(benchmark_module):
    from sklearn_revae.datasets._avatar_labels import GROUPED_LABELS

    judge = benchmark_module("judge")
    assert set(judge.REGION_OF) == set(GROUPED_LABELS)
    assert set(judge.REGION_OF.values()) == set(judge.REGIONS)


def test_a_judge_predicts_values_that_its_labels_have(benchmark_module):
    judge = benchmark_module("judge")
    images = np.random.RandomState(0).randint(0, 256, (30, 32, 32, 3), dtype=np.uint8)
    judges = judge.RegionJudges(
        {
            "eyes": ([0, 2], judge.Judge(32, [2, 4], "eyes")),
            "mouth": ([1], judge.Judge(32, [3], "mouth")),
        }
    )
    seen = judges.predict(images)
    assert seen.shape == (30, 3)
    assert (seen < [2, 3, 4]).all()


def test_faces_to_edit_have_another_value(benchmark_module):
    rows_to_edit = benchmark_module("judge").rows_to_edit
    y = np.array([[0], [1], [2], [1], [0]])
    assert_array_equal(rows_to_edit(y, 0, 1, 10), [0, 2, 4])
    assert len(rows_to_edit(y, 0, 2, 2)) == 2


class Darker:
    """A model that darkens images with every edit and reconstruction."""

    def predict(self, X):
        return np.zeros((len(X), 2), dtype=int)

    def reconstruct(self, X):
        return X - 1

    def intervene(self, X, do):
        assert list(do) == [0, 1]
        return self.reconstruct(X)


def test_null_edits_are_repeated(face_edits):
    model = Darker()
    method = face_edits.Method(model, model.intervene, 0.0)
    X = np.full((2, 1, 1, 3), 9)
    assert_allclose([e.mean() for e in face_edits.null_edits(method, X, 3)], [8, 7, 6])


def test_balanced_accuracy_is_a_mean_over_the_labels(face_edits):
    y = np.array([[0, 0], [0, 1], [0, 2], [1, 2]])
    predicted = np.array([[0, 0], [0, 1], [0, 0], [0, 0]])
    found = face_edits.balanced_accuracy(predicted, y)
    assert_allclose(found, np.mean([1 / 2, 2 / 3]))


def test_tables_are_rest(face_edits):
    table = face_edits.rst_table(
        ["method", "a", "fit, s"], {"ReVAE": [0.5, 231.4], "M2": [np.nan, 12.0]}
    )
    assert table.splitlines() == [
        "======  =====  ======",
        "method  a      fit, s",
        "======  =====  ======",
        "ReVAE   0.500  231",
        "M2      -      12",
        "======  =====  ======",
    ]


class Painter:
    """Paints a label's code into a pixel of its own, and predicts what it reads there."""

    def predict(self, X):
        return X[:, 0, :2, 0].astype(int) // 100

    def reconstruct(self, X):
        return np.full_like(X, 7)

    def intervene(self, X, do):
        edited = X.copy()
        for label, code in do.items():
            edited[:, 0, label] = 100 * np.asarray(code)[..., None]
        return edited


@pytest.fixture
def painted(face_edits, benchmark_module, monkeypatch):
    """Faces whose first two pixels are their labels, and trials with exact truths."""
    random = np.random.RandomState(0)
    y = random.randint(0, 2, (20, 2))
    X = random.randint(0, 256, (20, 4, 4, 3), dtype=np.uint8)
    painter = Painter()
    X = painter.intervene(X, dict(enumerate(y.T)))
    values = [["no", "yes"], [0, 1]]
    rows = 30 + np.arange(20)
    faces = benchmark_module("drawn").Faces(X, y, ["Hat", "Glad"], values, rows)

    def drawn_edits(rows, name, value, size):
        assert size == 4
        label = faces.names.index(name)
        code = values[label].index(value)
        return painter.intervene(X[rows - 30], {label: code})[:, None]

    monkeypatch.setattr(face_edits, "drawn_edits", drawn_edits)
    monkeypatch.setattr(face_edits, "N_OTHERS", 20)
    trials = [
        face_edits.Trial(faces, label, value, 5) for label in (0, 1) for value in (0, 1)
    ]
    return faces, trials, face_edits.Judges(painter, painter)


def test_a_perfect_editor_has_perfect_figures(face_edits, painted):
    faces, trials, judges = painted
    painter = Painter()
    method = face_edits.Method(painter, painter.intervene, 3.0)
    found, by_trial = face_edits.evaluate(method, faces, trials, judges)
    figures = dict(zip(face_edits.COLUMNS, found, strict=True))
    minimality = figures.pop("minimality")
    # It moves one pixel: less than any other image, which has other pixels everywhere.
    assert_allclose(minimality, np.log(0.8 + 0.2 * np.e))
    assert figures == {
        "accuracy": 1,
        "success": 1,
        "least": 1,
        "leakage": 0,
        "region": 1,
        "inside": 0,
        "outside": 0,
        "null": 0,
        "5 nulls": 0,
        "back": 0,
        "fit, s": 3,
    }
    assert by_trial.shape == (4, len(face_edits.MEASURES))


def test_the_report_has_rows_for_references_methods_labels_and_values(
    face_edits, painted, capsys, tmp_path
):
    faces, trials, judges = painted
    painter = Painter()
    methods = {"ReVAE": face_edits.Method(painter, painter.intervene, 3.0)}
    face_edits.report(methods, faces, trials, judges)
    titles = [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()]
    rows = [title for title in titles if title.strip("= ")]
    assert rows == [
        *("method", "original", "drawn edits", "ReVAE"),
        *("success", "Hat", "Glad"),
        *("ReVAE", "Hat no", "Hat yes", "Glad 0", "Glad 1"),
    ]
    face_edits.draw(face_edits.rivals_shown(methods, trials[0]), tmp_path / "a.png")
    columns = face_edits.sheet(methods["ReVAE"], faces.X[:3], trials)
    assert [len(column) for column in columns.values()] == [3] * 6
    face_edits.draw(columns, tmp_path / "b.png")


def test_the_shipped_model_knows_the_first_faces_with_short_hair(benchmark_module):
    drawn = benchmark_module("drawn")
    faces = drawn.load_faces(20, 64)
    known = drawn.load_faces(12, 64, shipped=True)
    hair = faces.names.index("Hair")
    values = np.array(faces.values[hair])
    assert not {"hat", "bald"} & set(known.values[known.names.index("Hair")])
    assert "Long_Hair" in faces.names
    assert "Long_Hair" not in known.names
    left_out = np.isin(values[faces.y[:, hair]], ["hat", "bald"])
    left_out |= faces.y[:, faces.names.index("Long_Hair")] == 1
    expected = np.flatnonzero(~left_out)[:12]
    assert_array_equal(known.rows[: len(expected)], expected)
    assert_array_equal(known.X[: len(expected)], faces.X[expected])
