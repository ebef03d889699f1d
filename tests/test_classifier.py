"""What the fitted classifier and transformer return for samples."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression


def test_digits_are_learned_from_a_hundred_labels(digits, digits_model):
    # A constant prediction scores 0.1.
    assert digits_model.score(digits.X_test, digits.y_test) > 0.8


def test_two_labels_are_learned_together(blobs, two_labels, two_labels_model):
    X, y = blobs
    truth = np.empty((60, 2), dtype=object)
    truth[:, 0] = np.array(["left", "middle", "right"])[y]
    truth[:, 1] = np.where(X[:, 0] > np.median(X[:, 0]), 6, 5)
    assert two_labels_model.score(X, truth) > 0.75


def test_the_prediction_is_the_most_probable_class(digits, digits_model):
    probability = digits_model.predict_proba(digits.X_test)
    expected = digits_model.classes_[probability.argmax(axis=1)]
    np.testing.assert_array_equal(digits_model.predict(digits.X_test), expected)


def test_probabilities_sum_to_one(digits, digits_model):
    probability = digits_model.predict_proba(digits.X_test)
    assert probability.shape == (500, 10)
    assert probability.min() >= 0
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)


def test_probabilities_of_several_labels_are_a_list(two_labels, two_labels_model):
    X = two_labels[0]
    places, sizes = two_labels_model.predict_proba(X)
    assert places.shape == (60, 3)
    assert sizes.shape == (60, 2)
    for probability in (places, sizes):
        np.testing.assert_allclose(probability.sum(axis=1), 1.0)


def test_log_probabilities_are_the_logarithms_of_the_probabilities(
    digits, digits_model, two_labels, two_labels_model
):
    logs = digits_model.predict_log_proba(digits.X_test)
    np.testing.assert_allclose(np.exp(logs), digits_model.predict_proba(digits.X_test))
    assert np.isfinite(logs).all()
    of_labels = two_labels_model.predict_log_proba(two_labels[0])
    for one, probability in zip(
        of_labels, two_labels_model.predict_proba(two_labels[0]), strict=True
    ):
        np.testing.assert_allclose(np.exp(one), probability)


def test_the_prediction_of_each_label_follows_its_own_probabilities(
    two_labels, two_labels_model
):
    X = two_labels[0]
    predicted = two_labels_model.predict(X)
    for label, probability in enumerate(two_labels_model.predict_proba(X)):
        expected = two_labels_model.classes_[label][probability.argmax(axis=1)]
        np.testing.assert_array_equal(predicted[:, label], expected)


def test_results_do_not_depend_on_the_other_samples(digits, digits_model):
    for method in ("predict_proba", "transform", "score_samples", "reconstruct"):
        answer = getattr(digits_model, method)
        together = answer(digits.X_test)
        singly = np.concatenate([answer(row[None]) for row in digits.X_test[:5]])
        np.testing.assert_allclose(singly, together[:5], rtol=1e-9, atol=1e-12)


def test_more_samples_than_one_chunk(blobs, blobs_model):
    X = np.tile(blobs[0], (100, 1))
    Z = blobs_model.transform(X)
    np.testing.assert_allclose(Z, np.tile(Z[:60], (100, 1)), rtol=1e-9, atol=1e-12)


def test_the_latent_dimensions_of_labels_come_first_and_are_named(
    two_labels, quick_classifier
):
    X, y = two_labels
    y = pd.DataFrame(y, columns=["place", "size"])
    model = quick_classifier(label_dim=2, style_dim=3).fit(X, y)
    names = ["place_0", "place_1", "size_0", "size_1", "style_0", "style_1", "style_2"]
    assert model.get_feature_names_out().tolist() == names
    assert model.transform(X).shape == (60, 7)


def test_the_prediction_follows_the_characteristic_latents(digits, digits_model):
    Z = digits_model.transform(digits.X_test)[:, : digits_model.label_dim_]
    probe = LogisticRegression(max_iter=1000).fit(Z, digits_model.predict(digits.X_test))
    assert probe.score(Z, digits_model.predict(digits.X_test)) > 0.95


def test_a_latent_space_can_have_no_style_dimensions(few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier(label_dim=3, style_dim=0).fit(X, y)
    assert model.get_feature_names_out().tolist() == [
        "label_0_0",
        "label_0_1",
        "label_0_2",
    ]
    assert np.isfinite(model.score_samples(X)).all()


def test_set_output_returns_latent_codes_as_a_frame(few_blobs, quick_classifier):
    X, y = few_blobs
    X = pd.DataFrame(X, columns=list("abcd"), index=np.arange(60) + 7)
    model = quick_classifier().set_output(transform="pandas").fit(X, y)
    Z = model.transform(X)
    assert list(Z.columns) == model.get_feature_names_out().tolist()
    assert Z.index.equals(X.index)


def test_single_precision_samples_have_single_precision_latent_codes(
    few_blobs, quick_classifier
):
    X, y = few_blobs
    X = X.astype(np.float32)
    assert quick_classifier().fit(X, y).transform(X).dtype == np.float32


def test_frames_with_other_columns_raise(few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier().fit(pd.DataFrame(X, columns=list("abcd")), y)
    assert model.feature_names_in_.tolist() == list("abcd")
    with pytest.raises(ValueError, match="feature names"):
        model.predict(pd.DataFrame(X, columns=list("abdc")))


def test_samples_with_another_number_of_features_raise(blobs, blobs_model):
    with pytest.raises(ValueError, match="4 features"):
        blobs_model.predict(blobs[0][:, :3])


def test_infinite_values_raise_and_name_their_column(blobs, blobs_model):
    X = blobs[0].copy()
    X[0, 2] = np.inf
    with pytest.raises(ValueError, match="infinity in column 2"):
        blobs_model.predict(X)


def test_decoded_latent_codes_are_reconstructions(digits, digits_model):
    Z = digits_model.transform(digits.X_test)
    decoded = digits_model.inverse_transform(Z)
    np.testing.assert_allclose(decoded, digits_model.reconstruct(digits.X_test))


def test_latent_codes_of_another_width_raise(blobs, blobs_model):
    Z = blobs_model.transform(blobs[0])
    with pytest.raises(ValueError, match=f"{Z.shape[1] - 1} columns.*{Z.shape[1]}"):
        blobs_model.inverse_transform(Z[:, 1:])


def test_read_only_latent_codes_are_decoded_without_a_warning(
    blobs, blobs_model, recwarn
):
    Z = blobs_model.transform(blobs[0])
    Z.setflags(write=False)
    blobs_model.inverse_transform(Z)
    assert [str(warning.message) for warning in recwarn] == []


def test_reconstructions_are_closer_than_the_mean_sample(digits, digits_model):
    X = digits.X_test
    error = np.mean((digits_model.reconstruct(X) - X) ** 2)
    assert error < 0.6 * X.var(axis=0).mean()


def test_reconstructions_of_a_frame_are_a_frame(few_blobs, quick_classifier):
    X, y = few_blobs
    X = pd.DataFrame(X, columns=list("abcd"), index=np.arange(60) + 7)
    reconstructed = quick_classifier().fit(X, y).reconstruct(X)
    assert reconstructed.columns.equals(X.columns)
    assert reconstructed.index.equals(X.index)


def test_noise_is_less_likely_than_digits(digits, digits_model):
    noise = np.random.default_rng(0).random((100, 64))
    digits_density = digits_model.score_samples(digits.X_test)
    assert digits_model.score_samples(noise).max() < np.percentile(digits_density, 5)


def test_scores_are_the_same_in_every_call(digits, digits_model):
    first = digits_model.score_samples(digits.X_test[:20])
    np.testing.assert_array_equal(digits_model.score_samples(digits.X_test[:20]), first)


@pytest.mark.parametrize(
    "method", ["predict", "predict_proba", "transform", "reconstruct", "score_samples"]
)
def test_methods_need_a_fit(method, blobs, quick_classifier):
    with pytest.raises(NotFittedError):
        getattr(quick_classifier(), method)(blobs[0])


@pytest.mark.parametrize("method", ["inverse_transform", "get_feature_names_out"])
def test_decoding_and_names_need_a_fit(method, blobs, quick_transformer):
    with pytest.raises(NotFittedError):
        getattr(quick_transformer(), method)(blobs[0])


def test_classes_need_a_fit(quick_classifier):
    assert not hasattr(quick_classifier(), "classes_")


def test_the_loss_decreases(digits_model):
    assert len(digits_model.loss_curve_) == digits_model.n_iter_ == 15
    assert digits_model.loss_curve_[-1] < digits_model.loss_curve_[0] - 10


def test_the_transformer_encodes_labels_in_their_own_latent_dimensions(
    few_blobs, blobs, quick_transformer
):
    X, y = few_blobs
    model = quick_transformer(max_iter=30, batch_size=20).fit(X, y)
    Z = model.transform(X)[:, : model.label_dim_]
    assert LogisticRegression().fit(Z, blobs[1]).score(Z, blobs[1]) > 0.9


def test_the_transformer_without_labels_has_only_style_dimensions(
    blobs, quick_transformer
):
    model = quick_transformer(style_dim=3).fit(blobs[0])
    assert model.label_names_ == []
    assert model.get_feature_names_out().tolist() == ["style_0", "style_1", "style_2"]
