"""The demo from a shell: ``python -m sklearn_revae.demo`` or ``revae-demo``."""

import argparse
import gc
import os
import sys
from pathlib import Path

import numpy as np

from sklearn_revae import persistence
from sklearn_revae.demo._avatars import load_avatars
from sklearn_revae.demo._launch import serve
from sklearn_revae.demo._session import MOST_ROWS, Session

_AVATARS = "from sklearn_revae.demo import load_avatars\nmodel, X = load_avatars()\n"


def main(arguments=None):
    """Open the page, and serve it until Ctrl-C.

    Parameters
    ----------
    arguments : list of str, default=None
        None takes the command's own.
    """
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.data is not None and given.model is None:
        parser.error("--data brings rows for a model: name it with --model PATH.")
    # Thousands of modules are about to be imported, and none of them is garbage: looking
    # for it would take a second of the start, and later on slow an edit now and then.
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
        f"Open {page.share_url or page.local_url} in a browser. Ctrl-C ends it.",
        flush=True,
    )
    page.block_thread()


def _parser():
    parser = argparse.ArgumentParser(
        prog="revae-demo",
        description="A page on which rows are edited by moving a slider for each label. "
        "Without --model it shows the package's own model of drawn faces.",
    )
    parser.add_argument(
        "--model", type=Path, metavar="PATH", help="a file by sklearn_revae.persistence"
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        help=f"rows for that model, .csv or .npy; else it draws {MOST_ROWS} of its own",
    )
    parser.add_argument(
        "--image-shape",
        type=int,
        nargs="+",
        metavar="SIDE",
        help="draw flat rows as pictures: height, width and, in colour, channels",
    )
    parser.add_argument("--port", type=_port, help="the first free one from 7860 on")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="where to listen; any but the default lets others in, without a password",
    )
    parser.add_argument(
        "--share",
        action="store_true",
        help="get a public address, through gradio",
    )
    parser.add_argument("--browser", action="store_true", help="open a browser at once")
    return parser


def _port(text):
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to 65535")
    return int(text)


def _session(given):
    if given.model is None:
        model, X = load_avatars()
        return Session(model, X, setup=_AVATARS)
    model = persistence.load(given.model)
    lines = (
        "from sklearn_revae.persistence import load\n"
        f"model = load({os.fspath(given.model)!r})\n"
    )
    if given.data is None:
        X, _ = model.sample(MOST_ROWS, random_state=0)
        lines += f"X, _ = model.sample({MOST_ROWS}, random_state=0)\n"
    else:
        X, read = _rows(given.data)
        lines += read
    shape = None if given.image_shape is None else tuple(given.image_shape)
    return Session(model, X, shape, lines)


def _rows(path):
    """Rows of a file, and the lines of Python that read it."""
    if path.suffix == ".npy":
        X = np.load(path, allow_pickle=False)
        return X, f"import numpy as np\nX = np.load({os.fspath(path)!r})\n"
    if path.suffix == ".csv":
        import pandas as pd

        X = pd.read_csv(path)
        return X, f"import pandas as pd\nX = pd.read_csv({os.fspath(path)!r})\n"
    raise ValueError(f"--data {path}: rows are read from .csv and .npy files.")


if __name__ == "__main__":
    main()
