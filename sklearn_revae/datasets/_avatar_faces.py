"""How one face is drawn: its labels, the parts they require, and the image."""

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

# In each group at most one label is positive, with the given probability. The groups are
# independent of each other.
GROUPS = (
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

# The parts of python_avatars, by the label that they show. Parts are left out if they
# would make a label false or ambiguous at 64 x 64 pixels: hair that keeps its own colour,
# that hides glasses or beards, or that is neither short nor long; hats that show hair;
# the moustache that covers the mouth; winks and squeezed lips. The lists are written out
# because users may add parts to python_avatars.
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
_MOUTHS = {  # keys: (smiling, open)
    (False, False): ("SAD", "SERIOUS"),
    (False, True): ("CONCERNED", "DISBELIEF"),
    (True, False): ("TWINKLE",),
    (True, True): ("BIG_SMILE", "SMILE"),
}

# Colours chosen so that those of different labels are easy to distinguish, and hair is
# easy to distinguish from skin.
HAIR_COLORS = {
    "Black_Hair": ("#15110F", "#1E1A1A"),
    "Brown_Hair": ("#5C3A21", "#6B4226"),
    "Blond_Hair": ("#DDB84F", "#E8C860"),
    "Gray_Hair": ("#8C8C92", "#B4B4B8"),
    "Red_Hair": ("#C93305", "#DB3A12"),
}
_DARK_SKIN = ("#A0663E", "#AE5D29")
_LIGHT_SKIN = ("#EDB98A", "#F5CBA0", "#FFDBB4")

# Labels that hide the hair on the head, and with it the hair colour.
HAIRLESS = {"Bald", "Wearing_Hat"}
# Parts that do not depend on any label.
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

# Part of the cache key: increase it whenever the images of a seed change.
RECIPE = 1


def one_of(options, random):
    return options[random.randint(len(options))]


def sample_labels(random):
    """Draw the set of positive labels of one face."""
    positive = set()
    for group in GROUPS:
        probabilities = [*group.values(), max(0.0, 1 - sum(group.values()))]
        positive.add(random.choice([*group, ""], p=probabilities))
    positive.discard("")  # stands for "no label of the group"
    # Labels describe only what is visible.
    if positive & HAIRLESS:
        positive -= set(HAIR_COLORS)
    if "Sunglasses" in positive:
        positive.discard("Eyes_Closed")
    return positive


def top_of(positive):
    """Return python_avatars' type of the part on top of the head, and its options."""
    if "Wearing_Hat" in positive:
        return "HatType", _HATS
    if "Bald" in positive:
        return "HairType", ("NONE",)
    return "HairType", _LONG_HAIR if "Long_Hair" in positive else _SHORT_HAIR


def _choose(positive, options, otherwise=("NONE",)):
    """Return the options of the first positive label, else `otherwise`."""
    return next((values for name, values in options if name in positive), otherwise)


def _background(random):
    """Draw a background colour between green and violet, unlike skin and hair."""
    hue, saturation, value = random.uniform((0.22, 0.15, 0.55), (0.85, 0.5, 0.95))
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return "#" + "".join(f"{round(255 * part):02x}" for part in (red, green, blue))


def options_of(positive):
    """Return the options of each part of a face with these positive labels."""
    eyewear = [("Eyeglasses", _EYEGLASSES), ("Sunglasses", _SUNGLASSES)]
    facial_hair = [("Beard", _BEARDS), ("Mustache", _MUSTACHES)]
    # A beard has the colour of the hair, or any hair colour if no hair is visible.
    colors = _choose(positive, HAIR_COLORS.items(), sum(HAIR_COLORS.values(), ()))
    return {
        "top": top_of(positive)[1],
        "accessory": _choose(positive, eyewear),
        "facial_hair": _choose(positive, facial_hair),
        "mouth": _MOUTHS["Smiling" in positive, "Mouth_Open" in positive],
        "eyes": _CLOSED_EYES if "Eyes_Closed" in positive else _OPEN_EYES,
        "skin_color": _DARK_SKIN if "Dark_Skin" in positive else _LIGHT_SKIN,
        "hair_color": colors,
        "hat_color": _FABRIC_COLORS,
        "eyebrows": _EYEBROWS,
        "nose": _NOSES,
        "clothing": _CLOTHES,
        "clothing_color": _FABRIC_COLORS,
    }


def sample_parts(positive, random):
    """Draw the parts and colours of one face with these positive labels."""
    options = options_of(positive)
    parts = {name: one_of(values, random) for name, values in options.items()}
    return {**parts, "top_kind": top_of(positive)[0], "background": _background(random)}


def drawing_packages():
    """Import and return the optional packages that draw faces.

    Raises
    ------
    ImportError
        If a package is not installed.
    """
    try:
        import python_avatars
        import resvg_py
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "make_avatars requires the packages python_avatars, resvg_py and Pillow. "
            "Install them with: pip install python-avatars resvg-py pillow"
        ) from error
    return python_avatars, resvg_py, Image


def draw(parts):
    """Draw the image (64, 64, 3) of one face, as uint8."""
    avatars, resvg, image = drawing_packages()
    # Every part is passed, because python_avatars draws some defaults at random.
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
    # Crop to the square around the head.
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
