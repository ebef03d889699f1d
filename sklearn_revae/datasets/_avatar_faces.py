"""One drawn face: the labels that hold, the parts they ask for, the picture."""

import colorsys
import io

import numpy as np

LABELS = (
    "Eyeglasses",
    "Sunglasses",
    "Beard",
    "Mustache",
    "Smiling",
    "Mouth_Open",
    "Bald",
    "Wearing_Hat",
    "Long_Hair",
    "Dark_Skin",
    "Eyes_Closed",
    "Black_Hair",
    "Brown_Hair",
    "Blond_Hair",
    "Gray_Hair",
    "Red_Hair",
)

SIZE = 64

# At most one label of a group holds, with the probability given, whatever the others do.
_GROUPS = (
    {"Eyeglasses": 0.2, "Sunglasses": 0.15},
    {"Beard": 0.22, "Mustache": 0.15},
    {"Smiling": 0.5},
    {"Mouth_Open": 0.5},
    {"Bald": 0.12, "Wearing_Hat": 0.15, "Long_Hair": 0.36},
    {"Dark_Skin": 0.4},
    {"Eyes_Closed": 0.35},
    {
        "Black_Hair": 0.2,
        "Brown_Hair": 0.2,
        "Blond_Hair": 0.2,
        "Gray_Hair": 0.2,
        "Red_Hair": 0.2,
    },
)

# Parts by what is said of them. Left out is what would make a label false or doubtful at
# 64 x 64: hair that keeps its own colour, hides glasses or beards, or is neither short
# nor long; hats that show hair; the moustache that covers the mouth; winks and squeezed
# lips. The lists are written out, as users may add parts to python_avatars.
_LONG_HAIR = (
    "BIG_HAIR",
    "BOB",
    "CURVY",
    "DREADS",
    "LONG_NOT_TOO_LONG",
    "MIA_WALLACE",
    "STRAIGHT_1",
    "STRAIGHT_STRAND",
    "TWIST_LONG_HAIR",
    "TWIST_LONG_HAIR_2",
)
_SHORT_HAIR = (
    "BUZZCUT",
    "CAESAR",
    "CAESAR_SIDE_PART",
    "ELVIS",
    "EVIL_SPIKE",
    "FRIZZLE",
    "PIXIE",
    "POMPADOUR",
    "QUIFF",
    "SHAGGY",
    "SHORT_CURLY",
    "SHORT_DREADS_1",
    "SHORT_FLAT",
    "SHORT_ROUND",
    "SHORT_WAVED",
)
_HATS = ("HAT", "WINTER_HAT_1", "WINTER_HAT_2", "WINTER_HAT_3", "WINTER_HAT_4")
_EYEGLASSES = ("PRESCRIPTION_1", "PRESCRIPTION_2", "ROUND")
_SUNGLASSES = ("SUNGLASSES", "SUNGLASSES_2", "WAYFARERS", "WAYFARERS_2")
_BEARDS = ("BEARD_LIGHT", "BEARD_MAGESTIC", "BEARD_MEDIUM", "WICK_BEARD")
_MUSTACHES = ("MOUSTACHE_FANCY", "MOUSTACHE_MAGNUM")
_OPEN_EYES = ("DEFAULT", "EYE_ROLL", "SQUINT", "SURPRISED")
_CLOSED_EYES = ("CLOSED", "HAPPY")
_MOUTHS = {  # by whether it smiles, and whether it is open
    (False, False): ("SAD", "SERIOUS"),
    (False, True): ("CONCERNED", "DISBELIEF"),
    (True, False): ("TWINKLE",),
    (True, True): ("BIG_SMILE", "SMILE"),
}

# Colours of which any two of different meaning can be told apart, hair on skin too.
_HAIR_COLORS = {
    "Black_Hair": ("#15110F", "#1E1A1A"),
    "Brown_Hair": ("#5C3A21", "#6B4226"),
    "Blond_Hair": ("#DDB84F", "#E8C860"),
    "Gray_Hair": ("#8C8C92", "#B4B4B8"),
    "Red_Hair": ("#C93305", "#DB3A12"),
}
_DARK_SKIN = ("#A0663E", "#AE5D29")
_LIGHT_SKIN = ("#EDB98A", "#F5CBA0", "#FFDBB4")

# Labels under which no hair of the head is seen, and no colour of it.
_HAIRLESS = {"Bald", "Wearing_Hat"}
# Labels of other groups that cannot hold any more once a label is made to.
_ENDED_BY = {
    "Sunglasses": {"Eyes_Closed"},
    "Eyes_Closed": {"Sunglasses"},
    **dict.fromkeys(_HAIR_COLORS, _HAIRLESS),
}

# What no label speaks of.
_NOSES = ("DEFAULT", "SMALL", "WIDE")
_EYEBROWS = (
    "ANGRY",
    "ANGRY_NATURAL",
    "DEFAULT",
    "DEFAULT_NATURAL",
    "FLAT_NATURAL",
    "FROWN_NATURAL",
    "RAISED_EXCITED",
    "RAISED_EXCITED_NATURAL",
    "SAD_CONCERNED",
    "SAD_CONCERNED_NATURAL",
    "UNIBROW_NATURAL",
    "UP_DOWN",
    "UP_DOWN_NATURAL",
)
_CLOTHES = (
    "BLAZER_SHIRT",
    "BLAZER_SWEATER",
    "COLLAR_SWEATER",
    "HOODIE",
    "OVERALL",
    "SHIRT_CREW_NECK",
    "SHIRT_SCOOP_NECK",
    "SHIRT_V_NECK",
)
_FABRIC_COLORS = (
    *("#262E33", "#25557C", "#5199E4", "#65C9FF", "#3C8D5A", "#7A4FA3"),
    *("#FF488E", "#FF5C5C", "#A7FFC4", "#FFFFB1"),
)

# Part of the cache's key: raise it whenever the same seed gives other pictures.
RECIPE = 1


def _one_of(options, random):
    return options[random.randint(len(options))]


def sample_labels(random):
    """Set of the labels that hold for one face."""
    holding = set()
    for group in _GROUPS:
        chances = [*group.values(), max(0.0, 1 - sum(group.values()))]
        holding.add(random.choice([*group, ""], p=chances))
    # Labels are about what can be seen.
    if holding & _HAIRLESS:
        holding -= set(_HAIR_COLORS)
    if "Sunglasses" in holding:
        holding.discard("Eyes_Closed")
    return holding


def _top(holding):
    """Kind of what is on the head, and which ones there are."""
    if "Wearing_Hat" in holding:
        return "HatType", _HATS
    if "Bald" in holding:
        return "HairType", ("NONE",)
    return "HairType", _LONG_HAIR if "Long_Hair" in holding else _SHORT_HAIR


def _choose(holding, options, otherwise=("NONE",)):
    """Return the options of the first label that holds."""
    return next((values for name, values in options if name in holding), otherwise)


def _background(random):
    """Return a colour between green and violet: neither skin nor hair."""
    hue, saturation, value = random.uniform((0.22, 0.15, 0.55), (0.85, 0.5, 0.95))
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return "#" + "".join(f"{round(255 * part):02x}" for part in (red, green, blue))


def _options(holding):
    """Return what each part may be, of a face of which `holding` is true."""
    eyewear = [("Eyeglasses", _EYEGLASSES), ("Sunglasses", _SUNGLASSES)]
    facial_hair = [("Beard", _BEARDS), ("Mustache", _MUSTACHES)]
    # A beard has the hair's colour; without hair to be seen, any.
    colors = _choose(holding, _HAIR_COLORS.items(), sum(_HAIR_COLORS.values(), ()))
    return {
        "top": _top(holding)[1],
        "accessory": _choose(holding, eyewear),
        "facial_hair": _choose(holding, facial_hair),
        "mouth": _MOUTHS["Smiling" in holding, "Mouth_Open" in holding],
        "eyes": _CLOSED_EYES if "Eyes_Closed" in holding else _OPEN_EYES,
        "skin_color": _DARK_SKIN if "Dark_Skin" in holding else _LIGHT_SKIN,
        "hair_color": colors,
        "hat_color": _FABRIC_COLORS,
        "eyebrows": _EYEBROWS,
        "nose": _NOSES,
        "clothing": _CLOTHES,
        "clothing_color": _FABRIC_COLORS,
    }


def sample_parts(holding, random):
    """Names of the parts and the colours of one face of which `holding` is true."""
    options = _options(holding)
    parts = {name: _one_of(values, random) for name, values in options.items()}
    return {**parts, "top_kind": _top(holding)[0], "background": _background(random)}


def _hidden(holding):
    """Parts that cannot be seen, so that nobody could say what they are."""
    # Open eyes are among the rest: they shine through sunglasses, if faintly.
    hidden = set()
    if "Wearing_Hat" not in holding:
        hidden.add("hat_color")
    if holding & _HAIRLESS and not holding & {"Beard", "Mustache"}:
        hidden.add("hair_color")
    return hidden


def change_labels(holding, parts, label, value, random):
    """Labels of the same face with one of them changed, and with it what must change.

    A label that comes to hold ends those that it excludes: glasses of the other kind, a
    hat on a bald head, sunglasses before closed eyes. Hair that comes to be seen has the
    beard's colour, or any colour where there is no beard; a colour that is taken away
    gives way to any other.

    Parameters
    ----------
    holding : set of str
        Labels that hold.
    parts : dict
        What `sample_parts` gave for them.
    label : str
        Which label to change.
    value : int
        1 if it is to hold, 0 if not.
    random : RandomState
        Chooses the colour where there is a choice.
    """
    changed = set(holding)
    if value:
        changed -= next(group for group in _GROUPS if label in group).keys()
        changed -= _ENDED_BY.get(label, set())
        changed.add(label)
    else:
        changed.discard(label)
    if changed & _HAIRLESS:
        changed -= _HAIR_COLORS.keys()
    elif not changed & _HAIR_COLORS.keys():
        others = [name for name in _HAIR_COLORS if name != label]
        same = [name for name in others if parts["hair_color"] in _HAIR_COLORS[name]]
        if "hair_color" in _hidden(holding):
            same = []
        changed.add(_one_of(same or others, random))
    return changed


def change_parts(holding, parts, changed, random):
    """Parts of the same face when `changed` is true of it in place of `holding`.

    A part stays what it is where it may; drawn anew is what may not, and what could not
    be seen and now can.
    """
    uncovered = _hidden(holding) - _hidden(changed)
    kept = {
        name: parts[name]
        if parts[name] in values and name not in uncovered
        else _one_of(values, random)
        for name, values in _options(changed).items()
    }
    return {**parts, **kept, "top_kind": _top(changed)[0]}


def drawing_packages():
    """Return the optional packages that draw.

    Raises
    ------
    ImportError
        If one is missing, with the command that installs them.
    """
    try:
        import python_avatars
        import resvg_py
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "make_avatars draws with python_avatars, resvg_py and Pillow. Install them "
            "with: pip install python-avatars resvg-py pillow"
        ) from error
    return python_avatars, resvg_py, Image


def draw(parts):
    """Picture (64, 64, 3) of one face."""
    avatars, resvg, image = drawing_packages()
    # Every part is given: python_avatars picks some defaults at random on import.
    svg = avatars.Avatar(
        style=avatars.AvatarStyle.TRANSPARENT,
        top=getattr(avatars, parts["top_kind"])[parts["top"]],
        accessory=avatars.AccessoryType[parts["accessory"]],
        facial_hair=avatars.FacialHairType[parts["facial_hair"]],
        mouth=avatars.MouthType[parts["mouth"]],
        eyes=avatars.EyeType[parts["eyes"]],
        eyebrows=avatars.EyebrowType[parts["eyebrows"]],
        nose=avatars.NoseType[parts["nose"]],
        clothing=avatars.ClothingType[parts["clothing"]],
        skin_color=parts["skin_color"],
        hair_color=parts["hair_color"],
        facial_hair_color=parts["hair_color"],
        hat_color=parts["hat_color"],
        clothing_color=parts["clothing_color"],
    ).render()
    # The square around the head.
    svg = svg.replace('viewBox="0 0 264 280"', 'viewBox="32 12 200 200"', 1)
    svg = svg.replace('width="264px" height="280px"', 'width="200px" height="200px"', 1)
    png = resvg.svg_to_bytes(
        svg_string=svg,
        width=SIZE,
        height=SIZE,
        background=parts["background"],
        skip_system_fonts=True,
    )
    return np.asarray(image.open(io.BytesIO(bytes(png))).convert("RGB"))
