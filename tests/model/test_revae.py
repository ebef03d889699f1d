"""How the model splits the latent code by label, and decodes it."""

import torch


def test_blocks_and_style_partition_the_latent_code(tiny):
    model = tiny.model(n_values=(2, 3, 2), label_dim=2, style_dim=4)
    z = torch.arange(20.0).reshape(2, 10)
    assert model.latent_dim == 10
    assert torch.equal(model.blocks(z)[1, 2], torch.tensor([14.0, 15.0]))
    assert torch.equal(torch.cat([model.blocks(z).flatten(1), model.style(z)], 1), z)


def test_style_dim_may_be_zero(tiny):
    model = tiny.model(style_dim=0)
    z = torch.zeros(5, 2, dtype=torch.float64)
    assert model.style(z).shape == (5, 0)
    assert model.blocks(z).shape == (5, 2, 1)


def test_decode_treats_leading_dimensions_alike(tiny):
    model = tiny.model()
    z = torch.randn(4, 5, 3, dtype=torch.float64)
    decoded = model.decode(z)
    for sample in range(4):
        torch.testing.assert_close(decoded[sample], model.decoder(z[sample]))


def test_expected_row_is_the_likelihoods_mean(tiny):
    model = tiny.model("bernoulli")
    z = torch.randn(4, 3, dtype=torch.float64)
    torch.testing.assert_close(model.expected_row(z), model.decoder(z).sigmoid())


def test_class_probabilities_are_the_classifiers_at_the_posterior_mean(tiny):
    model, x = tiny.model(), tiny.x("gaussian", 4)
    mean, _ = model.encode(x)
    expected = model.label_model.predictions(mean[:, :2, None])
    torch.testing.assert_close(model.log_class_probabilities(x), expected)
