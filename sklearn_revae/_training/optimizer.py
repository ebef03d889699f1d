"""The optimizer."""

import inspect

import torch


class AdamW(torch.optim.AdamW):
    """AdamW without the import of torch's compiler, which nobody uses here.

    The first use of an optimizer of torch imports ``torch._dynamo``, only to exempt the
    optimizer from compilation. In every new process this takes about as long as a fit to
    iris. The methods here are torch's own, without the wrappers that do so.
    """

    add_param_group = inspect.unwrap(torch.optim.AdamW.add_param_group)
    state_dict = inspect.unwrap(torch.optim.AdamW.state_dict)
    load_state_dict = inspect.unwrap(torch.optim.AdamW.load_state_dict)

    _step = inspect.unwrap(torch.optim.AdamW.step)

    @torch.no_grad()
    def step(self, closure=None):
        """Take a step; `closure` computes the loss again, as in torch."""
        return self._step(closure)
