"""Words the question rules know. Before the bar: what says that a thing is there; after it: what leaves it open."""

from __future__ import annotations

import re

_PERSON = (
    "man men woman women boy boys girl girls child children kid kids person people lady ladies guy guys baby babies toddler toddlers "
    "infant player players crowd someone skateboarder surfer biker bicyclist cyclist climber hiker skier snowboarder couple family "
    "adults adult swimmer runner rider team group teenager teenagers boarder mother father"
)
_HUMAN_HINTS = (
    "people person someone crowd group team couple family adult adults player players rider skateboarder surfer biker bicyclist cyclist "
    "climber hiker skier snowboarder swimmer runner boarder teenager teenagers friends musician performer dancer worker others individual"
)

_WORDS = {
    "a person": f"{_PERSON} | he she his her their they swimming riding hand hands performer musician worker "
    "dancer friends others individual",
    "a man": f"man men guy guys gentleman | male his he boy boys father {_HUMAN_HINTS}",
    "a woman": f"woman women lady ladies | female her she girl girls mother {_HUMAN_HINTS}",
    "a boy": f"boy boys | male child children kid kids toddler baby man men guy son {_HUMAN_HINTS}",
    "a girl": f"girl girls | female child children kid kids toddler baby woman women lady daughter {_HUMAN_HINTS}",
    "a child": f"child children kid kids boy boys girl girls toddler toddlers baby babies | son daughter {_HUMAN_HINTS}",
    "a baby": "baby babies infant toddler toddlers | child children kid kids boy girl",
    "a dog": "dog dogs puppy puppies greyhound greyhounds terrier collie poodle retriever dachshund bulldog labrador hound husky dalmatian "
    "pug | animal animals shepherd",
    "a cat": "cat cats kitten kittens | animal animals",
    "a horse": "horse horses pony ponies | rider animal animals cowboy rodeo",
    "a bird": "bird birds duck ducks seagull seagulls goose geese pigeon pigeons swan parrot | animal animals flock",
    "a cow": "cow cows bull calf | animal animals cattle",
    "a ball": "ball balls football soccer basketball baseball volleyball tennis | toy game player players sport",
    "a frisbee": "frisbee frisbees | disc toy",
    "a bicycle": "bicycle bicycles bike bikes bicyclist bmx | biker bikers cyclist cyclists motorcycle rider riding ride rides",
    "a motorcycle": "motorcycle motorcycles motorbike motorbikes motorcyclist | bike bikes biker motocross atv dirt rider race racing",
    "a car": "car cars automobile suv taxi | vehicle vehicles truck street road traffic parking race racing van city",
    "a truck": "truck trucks | vehicle vehicles car van",
    "a bus": "bus buses | vehicle vehicles",
    "a boat": "boat boats canoe kayak raft sailboat ship rowboat | sailing rafting kayaker kayaking rapids",
    "a skateboard": "skateboard skateboards skateboarder skateboarders skateboarding | skater skating skate board ramp trick",
    "a surfboard": "surfboard surfboards | surfer surfers surfing surf board wave waves",
    "water": "water pool ocean lake river sea pond waves wave stream puddle waterfall fountain creek | beach boat swimming swims swim surf "
    "surfer surfing shore splash splashes splashing wet kayak canoe raft sprinkler hose rain dock wetsuit",
    "a swimming pool": "pool pools | swimming swims swim swimmer water",
    "snow": "snow snowy snowboarder snowboarding snowboard skier skiing snowball snowboarders skiers | ice winter sled mountain "
    "ski skis slope icy",
    "grass": "grass grassy lawn | field park yard outside hill meadow backyard soccer football baseball garden ground outdoors",
    "sand": "sand sandy beach | shore ocean dirt dune",
    "a tree": "tree trees forest woods | wooded outside outdoors park leaves yard branch branches path trail wood garden hill mountain",
    "a building": "building buildings skyscraper house church | city street window store wall structure brick town roof",
    "a bench": "bench benches | sits sitting sit seat park",
    "a chair": "chair chairs | seat sits sitting sit table couch stool wheelchair",
    "a table": "table tables | desk restaurant food eating picnic",
    "a bed": "bed | couch sleeping laying blanket",
    "a hat": "hat hats cap | helmet headgear hood bandanna visor sombrero head",
    "a helmet": "helmet helmets | rider biker bicyclist cyclist football hockey bmx motorcycle player racing race hat gear",
    "sunglasses": "sunglasses glasses goggles | mask eyes",
    "an umbrella": "umbrella umbrellas | parasol",
    "a camera": "camera cameras | picture pictures photo photograph photographer",
    "a guitar": "guitar guitars | instrument instruments band music",
    "a flag": "flag flags | banner banners parade",
    "a fence": "fence fences fenced | railing rail gate barrier wall",
    "a bag": "bag bags backpack purse | luggage pack suitcase",
    "a stick": "stick sticks branch | hockey wood pole log",
    "a rope": "rope ropes | leash climbing climber string swing harness",
    "a swing": "swing swings swinging | playground rope",
    "a slide": "slide slides | sliding playground",
    "a mountain": "mountain mountains | cliff hill hills rock rocks peak hiking hiker ski climbing climber",
    "a rock": "rock rocks boulder boulders rocky cliff | stone stones mountain climbing climber canyon",
    "a bridge": "bridge | walkway dock",
    "flowers": "flower flowers | garden plant plants bouquet",
    "food": "food sandwich cake pizza fruit ice-cream burger meal | eating eats eat restaurant table picnic grill cooking dinner lunch",
    "a telephone": "phone cellphone telephone | cell talking",
    "a book": "book books | reading reads newspaper magazine",
    "a microphone": "microphone | singing sings singer band stage",
    "a tent": "tent tents | camp camping canopy",
    "stairs": "stairs steps staircase | stair railing ramp",
    "a train": "train trains subway | tracks railroad station",
}

THINGS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    thing: (frozenset(own.split()), frozenset(hints.split())) for thing, text in _WORDS.items() for own, _, hints in [text.partition("|")]
}

PEOPLE = tuple(w for w in _PERSON.split() if w not in ("someone", "team", "group", "crowd", "family"))
COLOURS = "red blue green yellow orange pink purple black white brown grey gray tan".split()  # noqa: SIM905 (easier to mend as text)
COLOURED = {
    "a dog": "dog",
    "a ball": "ball",
    "a hat": "hat",
    "a helmet": "helmet",
    "a car": "car",
    "a bicycle": "bike",
    "a frisbee": "frisbee",
    "an umbrella": "umbrella",
    "a boat": "boat",
    "a horse": "horse",
    "a cat": "cat",
    "a shirt": "shirt",
    "a jacket": "jacket",
    "a dress": "dress",
    "a coat": "coat",
    "shorts": "shorts",
    "a uniform": "uniform",
    "a sweater": "sweater",
    "a collar": "collar",
    "a swimsuit": "swimsuit",
    "a truck": "truck",
    "a bus": "bus",
    "a surfboard": "surfboard",
}
DOERS = {
    "a man": "man",
    "a woman": "woman",
    "a boy": "boy",
    "a girl": "girl",
    "a child": "child",
    "a dog": "dog",
    "a horse": "horse",
    "a cat": "cat",
    "a bird": "bird",
    "a baby": "baby",
}
NOT_DOING = re.compile(r"(string|ring|king|wing|wearing|building|clothing|during|something|everything|morning|evening)\b")
NUMBERS = ("two", "three", "four", "five", "six")
PLURALS = {
    "man": "men",
    "woman": "women",
    "boy": "boys",
    "girl": "girls",
    "child": "children",
    "kid": "children",
    "kids": "children",
    "dog": "dogs",
    "person": "people",
    "horse": "horses",
    "bird": "birds",
}
PLACES = (  # noqa: SIM905
    "beach water snow street grass field park pool ocean lake river road sidewalk yard mountain forest woods city room "
    "kitchen bed couch playground sand hill path track court ramp bench pond sea shore restaurant store garden desert ice "
    "cliff lawn trail dock bridge boat trampoline stage swing wall rocks dirt mud stream subway gym stairs steps"
).split()
