"""Word lists for the questions derived from captions."""

from __future__ import annotations

from functools import cache

NUMBERS = ("two", "three", "four", "five", "six")
COLOURS = {
    **{c: c for c in ("black", "white", "red", "blue", "green", "yellow", "brown", "orange", "pink", "purple")},
    **{"gray": "grey", "grey": "grey", "tan": "tan", "blond": "blond", "blonde": "blond", "golden": "golden"},
}
PREPOSITIONS = ("in", "on", "through", "at", "across", "down", "along", "over", "into", "by", "near", "under")
PLACES = {
    **{p: p for p in ("water", "beach", "field", "grass", "snow", "street", "park", "pool", "sand", "road", "river")},
    **{p: p for p in ("lake", "hill", "mountain", "rock", "bench", "stage", "forest", "yard", "track", "court")},
    **{p: p for p in ("ocean", "trail", "couch", "table", "tree", "wall", "ramp", "swing", "slide", "boat", "crowd")},
    **{p: p for p in ("room", "restaurant", "building", "city", "dirt", "mud", "ice", "playground", "cliff", "bed")},
    **{"sea": "ocean", "sidewalk": "sidewalk", "path": "path", "ground": "ground", "air": "air", "car": "car"},
    **{"wood": "forest", "slope": "hill", "sofa": "couch", "lawn": "grass", "stair": "stairs", "step": "stairs"},
    **{"stream": "river", "creek": "river", "hillside": "hill", "backyard": "yard", "wave": "wave", "puddle": "water"},
}
MASS_NOUNS = {"water", "grass", "snow", "sand", "dirt", "mud", "ice", "food", "wood", "people"}
UNSAID = {
    *("tree", "ground", "background", "camera", "front", "air", "sky", "top", "side", "picture", "photo", "area"),
    *("group", "edge", "other", "another", "one", "two", "three", "back", "it", "him", "her", "them", "something"),
    *("day", "sun", "light", "shadow", "distance", "end", "way", "scene", "each", "pair", "couple", "line", "middle"),
}
VERBS = (
    *("run", "jump", "play", "stand", "sit", "walk", "ride", "swim", "climb", "look", "hold", "leap", "lie", "race"),
    *("smile", "throw", "catch", "dance", "sleep", "eat", "drink", "ski", "surf", "skate", "snowboard", "skateboard"),
    *("chase", "fight", "hike", "pose", "talk", "watch", "kick", "carry", "chew", "dig", "fly", "fish", "kayak"),
    *("paddle", "laugh", "sing", "read", "work", "wait", "slide", "splash", "kiss", "hug", "crawl", "lean", "push"),
    *("pull", "point", "row", "sail", "dive", "fall", "wrestle", "bike", "perform"),
)
DOUBLED = {"run", "sit", "swim", "dig", "hug"}
PEOPLE = {
    *("person", "people", "child", "kid", "adult", "baby", "toddler", "player", "someone", "group", "crowd", "team"),
    *("rider", "biker", "cyclist", "skier", "snowboarder", "surfer", "climber", "hiker", "swimmer", "skateboarder"),
    *("friend", "couple", "family", "one", "teenager", "performer", "runner", "member", "worker", "racer", "dancer"),
}
MALE = {"man", "boy", "guy", "male", "gentleman", "player", "father"}
FEMALE = {"woman", "girl", "lady", "female", "mother", "bride"}
GROUPS: tuple[set[str], ...] = (
    PEOPLE | MALE,
    PEOPLE | FEMALE,
    {"dog", "puppy", "animal", "poodle", "hound", "terrier", "retriever", "greyhound", "lab", "collie", "shepherd"},
    {"horse", "animal", "bull", "pony"},
    {"bird", "animal", "duck", "seagull", "goose"},
    {"cat", "animal", "kitten"},
    {"water", "ocean", "sea", "lake", "river", "pool", "wave", "beach", "pond", "stream", "boat", "surf", "swim"},
    {"swimming", "swimmer", "surfer", "surfing", "surfboard", "canoe", "kayak", "raft", "creek", "puddle", "water"},
    {"beach", "sand", "shore", "ocean", "sea", "coast"},
    {"grass", "field", "lawn", "park", "yard", "meadow", "backyard", "ground", "soccer", "football", "grassy"},
    {"street", "road", "sidewalk", "city", "path", "pavement", "track", "trail", "traffic", "crosswalk"},
    {"car", "truck", "vehicle", "van", "bus", "taxi", "jeep", "street", "traffic"},
    {"bike", "bicycle", "motorcycle", "motorbike", "biker", "cyclist", "motocross", "dirtbike"},
    {"ball", "football", "soccer", "basketball", "tennis", "baseball", "volleyball", "toy", "game"},
    {"toy", "ball", "frisbee", "doll", "stick", "rope"},
    {"frisbee", "disc", "toy"},
    {"snow", "snowy", "ski", "skier", "snowboard", "snowboarder", "mountain", "ice", "sled", "slope", "winter"},
    {"rock", "rocky", "cliff", "mountain", "boulder", "stone", "hill", "climber", "climbing"},
    {"mountain", "hill", "cliff", "slope", "hillside", "rock"},
    {"forest", "wood", "tree", "bush", "leaf", "plant", "trail"},
    {"flower", "plant", "garden"},
    {"building", "house", "city", "store", "shop", "wall", "street", "restaurant", "bar"},
    {"wall", "building", "fence", "brick"},
    {"bench", "chair", "seat", "couch", "table"},
    {"table", "food", "restaurant", "desk"},
    {"boat", "canoe", "kayak", "raft", "ship", "sailboat"},
    {"pool", "swimming", "swim", "swimmer", "water"},
    {"fence", "gate", "wall", "rail", "railing"},
    {"skateboard", "skateboarder", "skater", "board", "ramp"},
    {"stick", "branch", "toy"},
    {"hat", "cap", "helmet"},
    {"dirt", "mud", "sand", "ground", "dirtbike", "motocross"},
    {"food", "drink", "meal", "lunch", "restaurant", "eat", "eating", "cake", "ice"},
    {"air", "jump", "jumping", "trick"},
)
IRREGULAR = {"men": "man", "women": "woman", "children": "child", "people": "person", "leaves": "leaf"}
SINGULAR_S = {"grass", "dress", "tennis", "bus", "glass", "stairs", "gas", "canvas", "cross", "mattress", "this", "his"}


@cache
def singular(noun: str) -> str:
    """The singular of a noun, by rule."""
    if noun in IRREGULAR:
        return IRREGULAR[noun]
    if noun in SINGULAR_S or noun.endswith("ss") or not noun.endswith("s") or len(noun) < 4:
        return noun
    if noun.endswith("ies") and len(noun) > 4 and noun not in ("hoodies", "cookies"):
        return noun[:-3] + "y"
    return noun[:-2] if noun.endswith(("ches", "shes", "xes", "sses")) else noun[:-1]


@cache
def related(noun: str) -> frozenset[str]:
    """The noun, and the words whose mention leaves it open whether such a thing is there."""
    return frozenset({noun}).union(*(group for group in GROUPS if noun in group))


def _forms() -> dict[str, str]:
    forms = {}
    for verb in VERBS:
        stem = "ly" if verb == "lie" else verb + verb[-1] if verb in DOUBLED else verb.removesuffix("e")
        ing = stem + "ing"
        third = (
            verb[:-1] + "ies"
            if verb in ("carry", "fly")
            else verb + ("es" if verb.endswith(("sh", "ch", "ss")) else "s")
        )
        forms.update({verb: ing, third: ing, ing: ing})
    return forms


ACTIONS = _forms()
