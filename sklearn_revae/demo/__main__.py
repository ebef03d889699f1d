"""The demo as a command: ``python -m sklearn_revae.demo`` or ``revae-demo``."""

import argparse
import gc
import os
import sys
from pathlib import Path

import numpy as np

from sklearn_revae import persistence
from sklearn_revae.demo._avatars import PRESETS, load_avatars
from sklearn_revae.demo._launch import serve
from sklearn_revae.demo._session import MAX_SAMPLES, Session, draw_samples, load_code

_AVATARS = "from sklearn_revae.demo import load_avatars\nmodel, X = load_avatars()\n"


def main(arguments=None):
    """Serve the page until Ctrl-C.

    Parameters
    ----------
    arguments : list of str, default=None
        Command-line arguments. If None, those of the process.
    """
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.data is not None and given.model is None:
        parser.error("--data requires a model: pass its file with --model PATH.")
    # The imports that follow create many objects that live until the end. Without the
    # garbage collector the page starts a second sooner, and freezing these objects spares
    # later edits a pass over them now and then.
    gc.disable()
    try:
        session = _session(given)
        page = serve(
            session,
            host=given.host,
            port=given.port,
            share=given.share,
            inbrowser=given.browser,
            block=False,
        )
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f"revae-demo: {error}")
    finally:
        gc.freeze()
        gc.enable()
    print(
        f"Open {page.share_url or page.local_url} in a browser. Press Ctrl-C to stop.",
        flush=True,
    )
    page.block_thread()


def _parser():
    parser = argparse.ArgumentParser(
        prog="revae-demo",
        description="Serve a page on which samples are edited with a slider for each "
        "label. Without --model it shows the model of drawn faces that ships with the "
        "package.",
    )
    parser.add_argument(
        "--model",
        type=Path,
        metavar="PATH",
        help="model file written by sklearn_revae.persistence.save",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        help="samples for the model, a .csv or .npy file; by default the model draws "
        f"{MAX_SAMPLES} samples",
    )
    parser.add_argument(
        "--image-shape",
        type=int,
        nargs="+",
        metavar="SIZE",
        help="shape of flattened images: height, width and, for colour images, channels",
    )
    parser.add_argument(
        "--port",
        type=_port,
        help="port to listen on; by default the first free from 7860",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: %(default)s); with another address, other "
        "machines can open the page, which has no password",
    )
    parser.add_argument(
        "--share",
        action="store_true",
        help="give the page a public address through gradio's servers",
    )
    parser.add_argument(
        "--browser", action="store_true", help="open the page in a browser"
    )
    return parser


def _port(text):
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a port: pass an integer from 1 to 65535"
        )
    return int(text)


def _session(given):
    if given.model is None:
        model, X = load_avatars()
        return Session(model, X, setup=_AVATARS, presets=PRESETS)
    model = persistence.load(given.model)
    if given.data is None:
        X, code = draw_samples(model)
    else:
        X, code = _read_samples(given.data, getattr(model, "feature_names_in_", None))
    shape = None if given.image_shape is None else tuple(given.image_shape)
    return Session(model, X, shape, load_code(given.model) + code)


def _read_samples(path, names):
    """Read samples from a file; also return the Python code that does it.

    Of the columns of a table, those with the names of the model's features are used, so
    that the file may contain an index and labels.
    """
    if path.suffix == ".npy":
        X = np.load(path, allow_pickle=False)
        return X, f"import numpy as np\nX = np.load({os.fspath(path)!r})\n"
    if path.suffix != ".csv":
        raise ValueError(f"--data must be a .csv or .npy file, got {path}.")
    import pandas as pd

    try:
        X = pd.read_csv(path)
    except ValueError as error:
        raise ValueError(f"--data: {path} cannot be read as a table: {error}") from error
    code = f"import pandas as pd\nX = pd.read_csv({os.fspath(path)!r})"
    if names is None:
        return X, f"{code}\n"
    missing = [name for name in names if name not in X.columns]
    if missing:
        raise ValueError(f"--data: {path} lacks the columns {missing} of the model.")
    return X[list(names)], f"{code}[list(model.feature_names_in_)]\n"


if __name__ == "__main__":
    main()
