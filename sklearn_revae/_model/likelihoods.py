"""p(x|z) of whole rows: independent columns, each in its family, some missing.

A missing value is NaN. It adds nothing to the likelihood, and the encoder reads zeros
for it, beside a column that says which values were there.
"""

import torch
from torch import nn

from sklearn_revae._model.families import FAMILIES


class ProductLikelihood(nn.Module):
    """Independent columns given z: each in the family named for it.

    The encoder's features and the decoder's output are both in the order of the
    columns, `n_inputs` and `n_outputs` numbers for each.

    Parameters
    ----------
    columns : sequence of Column
        One for each column of x.
    masked : bool, default=False
        Whether the encoder is told which values are there: `n_columns` more features.

    Attributes
    ----------
    n_inputs : int
        Width of what the encoder reads, the mask included.
    n_outputs : int
        Width of what the decoder returns.
    discrete : tensor of bool (n_columns,)
        Columns of levels, on which no small noise can be laid.
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
            # One family for all columns needs no gathering. Indices are short, as a
            # linear model of many columns has few weights beside them.
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

    def _parts(self):
        for name, family in self.families.items():
            yield family, getattr(self, f"columns_{name}")

    def _groups(self, output):
        """Each family, its columns, and its share of the output (..., n, n_outputs)."""
        for name, family in self.families.items():
            columns = getattr(self, f"columns_{name}")
            part = output
            if columns is not None:
                part = output.index_select(-1, getattr(self, f"outputs_{name}"))
            yield family, columns, part.unflatten(-1, (-1, family.n_outputs))

    def _in_order(self, parts):
        """Features of all families, in the columns' order."""
        features = torch.cat([part.flatten(-2) for part in parts], dim=-1)
        if self.input_order is None:
            return features
        return features.index_select(-1, self.input_order)

    def features(self, x):
        """What the encoder reads of rows: (n, n_columns) -> (n, n_inputs)."""
        there = ~torch.isnan(x)
        parts = []
        for family, columns in self._parts():
            values = x if columns is None else x[..., columns]
            seen = there if columns is None else there[..., columns]
            filled = torch.where(seen, values, torch.full_like(values, family.filler))
            parts.append(family.features(filled) * seen[..., None])
        features = self._in_order(parts)
        return torch.cat([features, there.to(x)], dim=-1) if self.masked else features

    def expected_features(self, output):
        """What the encoder would read of a decoded row: (..., n_inputs)."""
        features = self._in_order(
            [family.expected_features(part) for family, _, part in self._groups(output)]
        )
        if not self.masked:
            return features
        there = features.new_ones((*features.shape[:-1], len(self.discrete)))
        return torch.cat([features, there], dim=-1)

    def noise_of_inputs(self, noise_scale):
        """Noise of columns (n_columns,) as that of what the encoder reads: (n_inputs,).

        Levels and the mask get none.
        """
        noise = torch.where(self.discrete, 0.0, noise_scale)
        noise = noise.repeat_interleave(self.input_widths)
        return nn.functional.pad(noise, (0, self.n_inputs - len(noise)))

    def log_prob(self, output, x):
        """Log p(x|z) of every row, over its observed values: (...)."""
        total = 0.0
        for family, columns, part in self._groups(output):
            values = x if columns is None else x[..., columns]
            there = ~torch.isnan(values)
            filled = torch.where(there, values, torch.full_like(values, family.filler))
            log_density = family.log_prob(part, filled)
            total = total + torch.where(there, log_density, 0.0).sum(-1)
        return total

    def mean(self, output):
        """E[x|z], the likeliest level of a category: (..., n_columns)."""
        return self._collect(output, lambda family, part: family.mean(part))

    def sample(self, output, generator):
        """Return one draw of every value: (..., n_columns)."""
        return self._collect(output, lambda family, part: family.sample(part, generator))

    def _collect(self, output, value_of):
        result = output.new_empty((*output.shape[:-1], len(self.discrete)))
        for family, columns, part in self._groups(output):
            if columns is None:
                return value_of(family, part)
            result[..., columns] = value_of(family, part)
        return result
