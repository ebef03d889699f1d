"""Use the installed package like a new user: fit, edit, plot, save and load a model.

.ci/check_dist runs this script in the environment in which the package was installed,
from a folder without the source code: `python use_installed.py figure.png [start]`. If
`start`, a time in seconds since the epoch, is given, the time from then to the first
figure is printed.
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

figure_path = Path(sys.argv[1])
X, y = load_digits(return_X_y=True)
y_few = np.where(np.arange(len(y)) % 30 == 0, y, -1)
model = ReVAEClassifier(random_state=0).fit(X, y_few)
InterventionDisplay.from_estimator(model, X[:5], 8, image_shape=(8, 8)).figure_.savefig(
    figure_path
)
if len(sys.argv) > 2:
    print(f"{time.time() - float(sys.argv[2]):.1f} s to the first figure")
hidden = y_few == -1
accuracy = model.score(X[hidden], y[hidden])
success = (model.predict(model.intervene(X[:100], 8)) == 8).mean()
file = figure_path.with_suffix(".safetensors")
save(model, file)
identical = (load(file).predict_proba(X) == model.predict_proba(X)).all()

package = files("sklearn_revae")
print(f"sklearn_revae {sklearn_revae.__version__} from {package}")
print(f"accuracy {accuracy:.3f}, success of edits {success:.2f}")
print(f"predictions of the loaded model are identical: {identical}")
assert accuracy > 0.8
assert success > 0.8
assert identical
assert package.joinpath("py.typed").is_file()
demo = [f for f in package.joinpath("demo").iterdir() if f.name.endswith(".safetensors")]
assert demo, "the demo's model is missing"
for shipped in demo:
    size = len(shipped.read_bytes())
    print(f"{shipped.name}: {size / 1e6:.1f} MB, {load(shipped).n_features_in_} features")
    assert size < 9e6
