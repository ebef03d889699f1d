"""What a new user does first: fit digits with few labels, edit one, draw, save, load.

Run by .ci/check_dist with the Python that the package was installed for, from a folder
without the sources: `python use_installed.py picture.png [since]`. It prints what it
found, and the time from `since`, in seconds of the system's clock, to the picture.
"""

import sys
import time
from importlib.resources import files
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import sklearn_revae
from sklearn_revae import ReVAEClassifier
from sklearn_revae.inspection import InterventionDisplay
from sklearn_revae.persistence import load, save

picture = Path(sys.argv[1])
X, y = load_digits(return_X_y=True)
few = np.where(np.arange(len(y)) % 30 == 0, y, -1)
model = ReVAEClassifier(random_state=0).fit(X, few)
InterventionDisplay.from_estimator(model, X[:5], 8, image_shape=(8, 8)).figure_.savefig(
    picture
)
if len(sys.argv) > 2:
    print(f"{time.time() - float(sys.argv[2]):.1f} s to the first picture")
hidden = few == -1
accuracy = model.score(X[hidden], y[hidden])
reached = (model.predict(model.intervene(X[:100], 8)) == 8).mean()
file = picture.with_suffix(".safetensors")
save(model, file)
same = (load(file).predict_proba(X) == model.predict_proba(X)).all()

package = files("sklearn_revae")
print(f"sklearn_revae {sklearn_revae.__version__} from {package}")
print(f"accuracy {accuracy:.3f}, edits recognised {reached:.2f}, loaded is same: {same}")
assert accuracy > 0.8
assert reached > 0.8
assert same
assert package.joinpath("py.typed").is_file()
demo = [f for f in package.joinpath("demo").iterdir() if f.name.endswith(".safetensors")]
assert demo, "the demo's model is missing"
for shipped in demo:
    size = len(shipped.read_bytes())
    print(f"{shipped.name}: {size / 1e6:.1f} MB, {load(shipped).n_features_in_} columns")
    assert size < 8e6
