"""The module: encoder, label model, decoder and likelihood put together."""

from torch import nn


class ReVAE(nn.Module):
    """The reparameterised VAE of Joy et al., arXiv 2006.10102.

    Parameters
    ----------
    encoder : torch.nn.Module
        Maps the likelihood's features of rows (n, n_inputs) to mean and scale of
        q(z|x), (n, latent_dim) each, characteristic latents first.
    decoder : torch.nn.Module
        Maps latents (m, latent_dim) to the likelihood's parameters (m, n_outputs).
    likelihood : ProductLikelihood
        p(x|z), and what the encoder reads of a row.
    label_model : LabelModel
        p(y), p(z_l|y_l) and q(y_l|z_l).
    style_dim : int
        Number of latents that belong to no label.
    """

    def __init__(self, encoder, decoder, likelihood, label_model, style_dim):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.label_model = label_model
        self.style_dim = style_dim

    @property
    def characteristic_dim(self):
        """Number of latents that belong to labels, L * d."""
        return self.label_model.n_labels * self.label_model.dim

    @property
    def latent_dim(self):
        """Number of all latents."""
        return self.characteristic_dim + self.style_dim

    def encode(self, x):
        """Mean and scale of q(z|x), (n, latent_dim) each."""
        return self.encoder(self.likelihood.features(x))

    def blocks(self, z):
        """Characteristic latents by label: (..., latent_dim) -> (..., L, d)."""
        labels = self.label_model
        return z[..., : self.characteristic_dim].unflatten(
            -1, (labels.n_labels, labels.dim)
        )

    def style(self, z):
        """Latents of no label: (..., latent_dim) -> (..., style_dim)."""
        return z[..., self.characteristic_dim :]

    def decode(self, z):
        """Likelihood parameters of latents: (..., latent_dim) -> (..., n_outputs)."""
        return self.decoder(z.flatten(0, -2)).unflatten(0, z.shape[:-1])

    def expected_row(self, z):
        """E[x|z]: (..., latent_dim) -> (..., n_features)."""
        return self.likelihood.mean(self.decode(z))

    def log_class_probabilities(self, x):
        """Log q(y_l = k | z_l) at the posterior's mean: (n, L, K)."""
        mean, _ = self.encode(x)
        return self.label_model.log_classifier(self.blocks(mean))
