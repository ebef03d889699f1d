"""The inputs and outputs of a file in the format ONNX, among them strings."""

import io
import math
import warnings

import torch
from torch import nn

from sklearn_revae.persistence._onnx_graphs import (
    InterventionGraph,
    NumberInterventionGraph,
)

# ONNX Runtime reads these operator sets from version 1.14 on.
_OPSET, _ML_OPSET = 18, 2


class Interface(nn.Module):
    """A graph, with the inputs and outputs that a file has.

    Parameters
    ----------
    codec : Codec
        The codec of X.
    graph : Graph
        What is computed of numbers (n, n_features).
    """

    def __init__(self, codec, graph):
        super().__init__()
        self.graph = graph
        categories = codec.table_.categories_
        self._strings = {
            j: values
            for j, values in categories.items()
            if all(isinstance(value, str) for value in values)
        }
        self._picture = None
        shape = getattr(codec.template_, "shape", (0, 0))
        if len(shape) > 2:
            self._picture = tuple(shape[1:])
        self._n_features = codec.n_features
        self._columns = None
        if categories:
            names = codec.names or [f"x{j}" for j in range(codec.n_features)]
            self._columns = [str(name) for name in names]
        self._edits = isinstance(graph, InterventionGraph)
        self._has_strength = self._edits and not isinstance(
            graph, NumberInterventionGraph
        )
        self._check_names()

    @property
    def _inputs(self):
        rows = self._columns or ["X"]
        further = ["value"] if self._edits else []
        return [*rows, *further, *(["strength"] if self._has_strength else [])]

    @property
    def _outputs(self):
        return self.graph.output_names or [f"new_{n}" for n in self._columns or ["X"]]

    def _check_names(self):
        names = [*self._inputs, *self._outputs]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(
                f"X has columns with the names {twice}, which the file gives to another "
                "input or output as well. Rename these columns and fit again."
            )

    def forward(self, *inputs):
        """Return the outputs of a file."""
        n_rows = len(self._columns or [0])
        rows, further = inputs[:n_rows], inputs[n_rows:]
        if self._columns:
            x = torch.cat([column.double() for column in rows], dim=1)
        else:
            x = rows[0].flatten(1)
        found = self.graph(x, *further)
        if not self._edits:
            return found
        if self._columns:
            return tuple(
                column.long() if j in self._strings else column
                for j, column in enumerate(found[0].split(1, dim=1))
            )
        return found[0] if self._picture is None else found[0].unflatten(1, self._picture)

    def _examples(self):
        """Inputs for which the computation is recorded."""
        n = 3
        if self._columns:
            examples = [
                torch.zeros(
                    n, 1, dtype=torch.float32 if j in self._strings else torch.float64
                )
                for j in range(self._n_features)
            ]
        else:
            shape = self._picture or (self._n_features,)
            examples = [torch.zeros(n, *shape, dtype=torch.float64)]
        if self._edits:
            n_labels = self.graph.module.label_model.n_labels
            dtype = torch.int64 if self._has_strength else torch.float64
            examples.append(torch.zeros(n, n_labels, dtype=dtype))
        if self._has_strength:
            examples.append(torch.tensor(1.0, dtype=torch.float64))
        return tuple(examples)

    def exported(self):
        """Return the bytes of a file whose categories are still codes."""
        axes = {name: {0: "n_samples"} for name in [*self._inputs, *self._outputs]}
        axes.pop("strength", None)
        if self._edits:
            axes["value"] = {0: "n_values"}
        file = io.BytesIO()
        for name, operator in _OPERATORS.items():
            torch.onnx.register_custom_op_symbolic(name, operator, _OPSET)
        try:
            with warnings.catch_warnings():
                # The recorded branches are those of every input.
                warnings.simplefilter("ignore", torch.jit.TracerWarning)
                # This exporter needs no further package, and a tenth of the time.
                warnings.simplefilter("ignore", DeprecationWarning)
                torch.onnx.export(
                    self.eval(),
                    self._examples(),
                    file,
                    dynamo=False,
                    input_names=self._inputs,
                    output_names=self._outputs,
                    dynamic_axes=axes,
                    opset_version=_OPSET,
                )
        except torch.onnx.OnnxExporterError as error:
            raise ValueError(
                f"The model cannot be exported to ONNX: {error}. If encoder or decoder "
                "is a module of your own, make it of operations that torch.onnx supports."
            ) from error
        finally:
            for name in _OPERATORS:
                torch.onnx.unregister_custom_op_symbolic(name, _OPSET)
        return file.getvalue()

    def name_categories(self, model, helper):
        """Let a file read and return strings in place of the codes of categories."""
        if not self._strings:
            return
        graph = model.graph
        for j, categories in self._strings.items():
            self._read_strings(graph, helper, self._columns[j], categories)
            if self._edits:
                self._return_strings(graph, helper, self._outputs[j], categories)
        model.opset_import.append(helper.make_opsetid("ai.onnx.ml", _ML_OPSET))

    def _read_strings(self, graph, helper, name, categories):
        codes = f"{name}/code"
        for node in graph.node:
            node.input[:] = [codes if given == name else given for given in node.input]
        graph.node.insert(
            0,
            helper.make_node(
                "LabelEncoder",
                [name],
                [codes],
                domain="ai.onnx.ml",
                keys_strings=categories,
                values_floats=[float(code) for code in range(len(categories))],
                default_float=math.nan,
            ),
        )
        _retype(graph.input, name)

    def _return_strings(self, graph, helper, name, categories):
        codes = f"{name}/code"
        for node in graph.node:
            node.output[:] = [codes if given == name else given for given in node.output]
        graph.node.append(
            helper.make_node(
                "LabelEncoder",
                [codes],
                [name],
                domain="ai.onnx.ml",
                keys_int64s=list(range(len(categories))),
                values_strings=categories,
            )
        )
        _retype(graph.output, name)


def _retype(infos, name):
    """Declare that an input or output holds strings."""
    from onnx import TensorProto

    (info,) = (info for info in infos if info.name == name)
    info.type.tensor_type.elem_type = TensorProto.STRING


def _number(graph, value, like):
    """A constant of the type of another value."""
    return graph.op("Constant", value_t=torch.tensor(value, dtype=like.type().dtype()))


def _expm1(graph, x):
    """exp(x) - 1 as tanh(x / 2) (exp(x) + 1), which loses nothing near 0."""
    total = graph.op("Add", graph.op("Exp", x), _number(graph, 1.0, x))
    halved = graph.op("Mul", x, _number(graph, 0.5, x))
    return graph.op("Mul", graph.op("Tanh", halved), total)


def _softplus(graph, x, beta, threshold):
    """log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|))."""
    small = graph.op("Exp", graph.op("Neg", graph.op("Abs", x)))
    logs = graph.op("Log", graph.op("Add", small, _number(graph, 1.0, x)))
    return graph.op("Add", graph.op("Relu", x), logs)


# torch exports no expm1, and ONNX Runtime has no softplus in double precision.
_OPERATORS = {"aten::expm1": _expm1, "aten::softplus": _softplus}
