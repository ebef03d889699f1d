"""p(x|z) of whole rows, whose columns are of different families and may miss values.

A missing value is NaN. It adds nothing to the log-likelihood. The encoder reads zeros in
its place, and a mask of the observed values beside them.
"""

import torch
from torch import nn

from sklearn_revae._model.families import FAMILIES


class ProductLikelihood(nn.Module):
    """Columns that are independent given z, each with a distribution of its own family.

    The encoder's inputs and the decoder's outputs are in the order of the columns. The
    family says how many there are for each column.

    Parameters
    ----------
    columns : sequence of Column
        One for each column of x.
    masked : bool, default=False
        Whether the encoder also reads a mask of the observed values, which adds
        `n_columns` inputs.

    Attributes
    ----------
    n_inputs : int
        Number of inputs of the encoder, including the mask.
    n_outputs : int
        Number of outputs of the decoder.
    discrete : tensor of bool (n_columns,)
        Which columns hold levels, to which no small noise can be added.
    """

    def __init__(self, columns, masked=False):
        super().__init__()
        self.masked = masked
        groups = {}
        for j, column in enumerate(columns):
            name = column.family
            if column.n_levels:
                name += f"_{column.n_levels}"
            groups.setdefault(name, []).append(j)
        self.families = nn.ModuleDict()
        for name, members in groups.items():
            family = FAMILIES[columns[members[0]].family]
            self.families[name] = family([columns[j] for j in members])
            # If there is only one family, its columns need not be selected. The indices
            # are of a small type: they add to the size of a linear model of many columns.
            index = torch.tensor(members, dtype=torch.int32) if len(groups) > 1 else None
            self.register_buffer(f"columns_{name}", index, persistent=False)
        discrete = torch.zeros(len(columns), dtype=torch.bool)
        widths = torch.zeros(2, len(columns), dtype=torch.int32)
        for family, members in self._parts():
            members = slice(None) if members is None else members
            discrete[members] = family.discrete
            widths[0, members], widths[1, members] = family.n_inputs, family.n_outputs
        self.register_buffer("discrete", discrete, persistent=False)
        self.register_buffer("input_widths", widths[0].clone(), persistent=False)
        n_values, self.n_outputs = (int(total) for total in widths.sum(1))
        self.n_inputs = n_values + (len(columns) if masked else 0)
        first_input, first_output = widths.cumsum(1) - widths
        gathered = []
        for name, members in groups.items() if len(groups) > 1 else ():
            family = self.families[name]
            places = torch.arange(family.n_outputs) + first_output[members, None]
            places = places.flatten().int()
            self.register_buffer(f"outputs_{name}", places, persistent=False)
            gathered.append(torch.arange(family.n_inputs) + first_input[members, None])
        order = None
        if gathered:
            order = torch.cat([p.flatten() for p in gathered]).argsort().int()
        self.register_buffer("input_order", order, persistent=False)
        # Families give their columns one after another.
        order = None
        if len(groups) > 1:
            order = torch.tensor([j for members in groups.values() for j in members])
            order = order.argsort().int()
        self.register_buffer("column_order", order, persistent=False)

    def _parts(self):
        """Each family and its columns; None if all columns are of one family."""
        for name, family in self.families.items():
            yield family, getattr(self, f"columns_{name}")

    def _groups(self, output):
        """Each family, its columns, and its part of the output (..., n, n_outputs)."""
        for name, family in self.families.items():
            columns = getattr(self, f"columns_{name}")
            part = output
            if columns is not None:
                part = output.index_select(-1, getattr(self, f"outputs_{name}"))
            yield family, columns, part.unflatten(-1, (-1, family.n_outputs))

    def _in_order(self, parts):
        """Features of all families, in the columns' order."""
        if self.input_order is None:
            return parts[0].flatten(-2)
        features = torch.cat([part.flatten(-2) for part in parts], dim=-1)
        return features.index_select(-1, self.input_order)

    def _in_columns(self, parts):
        """Values (..., n_columns) of all families, in the columns' order."""
        if self.column_order is None:
            return parts[0]
        return torch.cat(parts, dim=-1).index_select(-1, self.column_order)

    @property
    def any_discrete(self):
        """Whether any column holds levels."""
        return any(family.discrete for family in self.families.values())

    def features(self, x, complete=False):
        """What the encoder reads of rows: (n, n_columns) -> (n, n_inputs).

        `complete` states that no value is missing, which saves time.
        """
        parts = []
        for family, columns in self._parts():
            if complete:
                parts.append(family.features(x if columns is None else x[..., columns]))
            else:
                values, observed = _filled(family, columns, x)
                parts.append(family.features(values) * observed[..., None])
        features = self._in_order(parts)
        if not self.masked:
            return features
        return torch.cat([features, (~torch.isnan(x)).to(x)], dim=-1)

    def expected_features(self, output):
        """What the encoder would read of a complete decoded row: (..., n_inputs)."""
        features = self._in_order(
            [family.expected_features(part) for family, _, part in self._groups(output)]
        )
        if not self.masked:
            return features
        mask = features.new_ones((*features.shape[:-1], len(self.discrete)))
        return torch.cat([features, mask], dim=-1)

    def noise_of_inputs(self, noise_scale):
        """Noise of columns, (n_columns,), as noise of the encoder's inputs, (n_inputs,).

        Levels and the mask get no noise.
        """
        noise = torch.where(self.discrete, 0.0, noise_scale)
        noise = noise.repeat_interleave(self.input_widths)
        return nn.functional.pad(noise, (0, self.n_inputs - len(noise)))

    def log_prob(self, output, x, complete=False):
        """Log p(x|z) of every row, over its observed values: (...).

        `complete` states that no value is missing, which saves time.
        """
        totals = []
        for family, columns, part in self._groups(output):
            if complete:
                values = x if columns is None else x[..., columns]
                log_density = family.log_prob(part, values)
            else:
                values, observed = _filled(family, columns, x)
                log_density = family.log_prob(part, values)
                log_density = torch.where(observed, log_density, 0.0)
            totals.append(log_density.sum(-1))
        return sum(totals[1:], start=totals[0])

    def mean(self, output):
        """E[x|z], or the most likely level of a category: (..., n_columns)."""
        return self.values(self.expectations(output))

    def expectations(self, output):
        """What the members of an ensemble average, a tensor for each family."""
        return [family.expectation(part) for family, _, part in self._groups(output)]

    def values(self, expectations):
        """Values (..., n_columns) of averages of :meth:`expectations`."""
        parts = zip(self.families.values(), expectations, strict=True)
        return self._in_columns([family.value(part) for family, part in parts])

    def edited(self, x, before, after):
        """Values before and after an edit of rows x (n, n_columns), whose change counts.

        `before` and `after` are averages of :meth:`expectations`. Where a value of x is
        missing, they are what the averages stand for.
        """
        found = []
        parts = zip(self._parts(), before, after, strict=True)
        for (family, columns), *averages in parts:
            values, observed = _filled(family, columns, x)
            pairs = zip(family.edited(values, *averages), averages, strict=True)
            found.append([torch.where(observed, v, family.value(a)) for v, a in pairs])
        return [self._in_columns(list(part)) for part in zip(*found, strict=True)]

    def sample(self, output, generator):
        """Draw every value once: (..., n_columns)."""
        return self._in_columns(
            [family.sample(part, generator) for family, _, part in self._groups(output)]
        )


def _filled(family, columns, x):
    """Values of a family's columns, and where they are observed.

    Missing values are replaced by a number that the family accepts.
    """
    values = x if columns is None else x[..., columns]
    observed = ~torch.isnan(values)
    return torch.where(observed, values, family.filler), observed
