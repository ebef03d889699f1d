"""The module: an encoder, a label model, a decoder and a likelihood."""

from torch import nn


class ReVAE(nn.Module):
    r"""The reparameterised VAE of Joy et al., arXiv 2006.10102.

    .. math::

        p(x, y, z) = p(x|z) \, N(z_s; 0, I) \prod_l p(z_l|y_l) \, p(y_l)

    Each label :math:`y_l` has its own characteristic latents :math:`z_l`; the style
    latents :math:`z_s` belong to no label. A latent code holds the former first.

    Parameters
    ----------
    encoder : torch.nn.Module
        Maps what the likelihood makes of rows, (n, n_inputs), to the mean and the scale
        of q(z|x), (n, latent_dim) each.
    decoder : torch.nn.Module
        Maps latent codes (m, latent_dim) to the parameters of the likelihood,
        (m, n_outputs).
    likelihood : ProductLikelihood
        p(x|z), and the encoder's inputs for a row.
    label_model : LabelModel or NumberModel
        p(y), p(z_l|y_l) and q(y_l|z_l).
    style_dim : int
        Number of style dimensions.
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
        """Number of characteristic dimensions of all labels, L * d."""
        return self.label_model.n_labels * self.label_model.dim

    @property
    def latent_dim(self):
        """Number of all latent dimensions."""
        return self.characteristic_dim + self.style_dim

    def encode(self, x):
        """Return the mean and the scale of q(z|x), (n, latent_dim) each."""
        return self.encoder(self.likelihood.features(x))

    def blocks(self, z):
        """Characteristic latents by label: (..., latent_dim) -> (..., L, d)."""
        labels = self.label_model
        return z[..., : self.characteristic_dim].unflatten(
            -1, (labels.n_labels, labels.dim)
        )

    def parts(self, z):
        """Both :meth:`blocks` and :meth:`style`, whose gradient takes less time."""
        labels = self.label_model
        blocks, style = z.split([self.characteristic_dim, self.style_dim], dim=-1)
        return blocks.unflatten(-1, (labels.n_labels, labels.dim)), style

    def style(self, z):
        """Style latents: (..., latent_dim) -> (..., style_dim)."""
        return z[..., self.characteristic_dim :]

    def decode(self, z):
        """Parameters of p(x|z): (..., latent_dim) -> (..., n_outputs)."""
        return self.decoder(z.flatten(0, -2)).unflatten(0, z.shape[:-1])

    def expected_row(self, z):
        """E[x|z]: (..., latent_dim) -> (..., n_features)."""
        return self.likelihood.mean(self.decode(z))

    def predictions(self, x):
        """What the label model predicts at the mean of the posterior: (n, L, ...)."""
        mean, _ = self.encode(x)
        return self.label_model.predictions(self.blocks(mean))

    def member_predictions(self, x):
        """The :meth:`predictions` of every member, here of this one: (M, n, L, ...)."""
        return self.predictions(x)[None]

    def log_class_probabilities(self, x):
        """Log-probabilities of the classes, see `LabelModel.log_mean`: (n, L, K)."""
        return self.label_model.log_mean(self.member_predictions(x))
