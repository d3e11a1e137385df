"""Invented names: people, companies, projects. Any likeness to a real one is chance; every domain ends in .example."""

from __future__ import annotations

AGENCY = "Harbour Lane"
AGENCY_DOMAIN = "harbourlane.example"
SHARED_DOMAIN = "postbox.example"
"""Where private people have their mail: says nothing about whom they work for."""

FIRST = (
    "Maya Janine Lena Marco Ines Tom Priya Sam Renee Owen Clara Yusuf Greta Hanna Pavel Noor Elif Bruno Sofie Mateo "
    "Ada Kofi Mira Jonas Freya Lucas Amara Nils Tilda Rafael Wanda Emil Zoe Arvid Celia Dario Edda Felix Gwen Hugo "
    "Isla Jasper Katja Levi Nadia Otto Petra Quinn Rosa Stellan Thea Ulrich Vera Willem Xenia Yara"
).split()
LAST = (
    "Lindqvist Osei Brandt Bellini Carvalho Ashdown Raman Okafor Dubrow Farrell Hollander Demir Vogt Marlow Zelenka "
    "Haddadin Aksoy Tamburini Lykke Quiroga Winterbourne Mensah Joshi Ekdahl Thornbury Prewitt Nwosu Bergqvist Sorley "
    "Kessling Ravn Abelard Fogarty Grindal Hesketh Ivarsen Jellinek Korhonen Larkin Mossfield Nørgaard Oyelaran "
    "Pelletier Quarles Rüdiger Sjöberg Tanaka Umarov Vîlcu Westergard Yeoman Zdravkov"
).split()

CLIENTS: tuple[tuple[str, str], ...] = (
    ("Acme", "acme.example"),
    ("Northwind", "northwind.example"),
    ("Brightside", "brightside.example"),
    ("Larkspur", "larkspur.example"),
    ("Juniper", "juniper.example"),
    ("Fenwick", "fenwick.example"),
    ("Oakline", "oakline.example"),
    ("Copperfield", "copperfield.example"),
    ("Acme GmbH", "acme-gmbh.example"),
    ("Acme Ltd", "acme-ltd.example"),
    ("Northwind Dental", "northwinddental.example"),
    ("Quill", "quill.example"),
    ("Hollis", "hollis.example"),
    ("Kestrel", "kestrel.example"),
    ("Rowe", "rowe.example"),
    ("Köhler & Söhne", "koehler-soehne.example"),
    ("Ærlig Møbler A/S", "aerlig.example"),
    ("Tideway Inc.", "tideway.example"),
    ("Pallas Optik GmbH", "pallas-optik.example"),
    ("Señor Limón", "senorlimon.example"),
    ("Marrow & Finch LLP", "marrowfinch.example"),
    ("Blauhaus AG", "blauhaus.example"),
    ("Zürcher Velo", "zuercher-velo.example"),
    ("Harrow Lane", "harrowlane.example"),
    ("Saltmarsh", "saltmarsh.example"),
)
"""The first 25 clients: near names that are different firms, legal forms, umlauts, a name close to the agency's own."""

PROSPECTS = (
    "Alder Kitchens",
    "Bexley Tiles",
    "Cinder Coffee",
    "Dovetail Homes",
    "Ember Yoga",
    "Fallow Farm",
    "Gantry Tools",
    "Hazel Clinics",
    "Inkwell Press",
    "Jetty Sails",
    "Kiln Ceramics",
    "Lantern Law",
    "Mosaic Eyewear",
    "Nettle Tea",
    "Orchard Vets",
    "Pinion Bikes",
    "Quarry Stone",
    "Rivet Works",
    "Sable Audio",
    "Thistle Hotels",
    "Umber Paint",
    "Verge Gardens",
    "Wicker & Daughters",
    "Yarrow Skin",
)
PROSPECT_SYLLABLES = ("Bram", "Cor", "Del", "Fen", "Gal", "Har", "Lin", "Mor", "Pel", "Ros", "Tan", "Wex")
PROSPECT_ENDINGS = ("bury", "dale", "field", "gate", "ham", "low", "mere", "ridge", "stead", "wick")

PROJECT_KINDS: tuple[tuple[str, str], ...] = (
    ("site relaunch", "web"),
    ("brand refresh", "brand"),
    ("spring campaign", "campaign"),
    ("autumn campaign", "campaign"),
    ("landing pages", "web"),
    ("product film", "content"),
    ("newsletter set-up", "content"),
    ("shop migration", "web"),
    ("search set-up", "ads"),
    ("tracking clean-up", "ads"),
    ("trade fair kit", "brand"),
    ("photo library", "content"),
    ("careers page", "web"),
    ("annual report", "content"),
)
MILESTONES = ("Kick-off", "Concept", "Wireframes", "Design", "Copy", "Build", "Review", "Testing", "Handover", "Launch")
LATE_MILESTONES = (
    "Wave 2",
    "Go-live",
    "Second launch",
    "Press day",
    "Training day",
    "Phase 2 start",
    "Store opening",
    "Client demo",
    "Print deadline",
    "Relaunch",
)
TASKS = (
    "Draft headline copy",
    "Collect logos",
    "Set up tracking",
    "Write meta texts",
    "Export images",
    "Check links",
    "Prepare workshop",
    "Build contact form",
    "Translate product pages",
    "Cut short film",
    "Brief photographer",
    "Set redirects",
    "Test checkout",
    "Review colours",
    "Draw icons",
    "Proofread brochure",
    "Plan media budget",
    "Write alt texts",
    "Set up newsletter list",
    "Compress video",
    "Clean up tag manager",
    "Collect testimonials",
    "Write case study",
    "Draw floor plan",
    "Check accessibility",
    "Order print proofs",
)
SERVICES = (
    "rebrand",
    "retainer",
    "site",
    "search ads",
    "social media",
    "shop",
    "video series",
    "launch campaign",
    "audit",
    "content plan",
    "newsletter",
    "store opening",
)
CAMPAIGNS = ("Brand", "Generic", "Remarketing", "Prospecting", "Local", "Lookalike", "Services", "Seasonal")


def person(number: int) -> str:
    """The full name of the person with a number; names repeat after about 2,900."""
    rounds, first = divmod(number, len(FIRST))
    return f"{FIRST[first]} {LAST[(first + rounds * 7) % len(LAST)]}"


def client(number: int) -> tuple[str, str]:
    """Name and domain of the client with a number: the known 25, then made-up places with a number's own suffix."""
    if number < len(CLIENTS):
        return CLIENTS[number]
    name = _place(number - len(CLIENTS), "Group")
    return name, f"{_slug(name)}.example"


def prospect(number: int) -> tuple[str, str]:
    """Name and domain of a firm that is not a client yet."""
    name = PROSPECTS[number] if number < len(PROSPECTS) else _place(number - len(PROSPECTS), "Works")
    return name, f"{_slug(name)}.example"


def _place(number: int, suffix: str) -> str:
    rest, ending = divmod(number, len(PROSPECT_ENDINGS))
    round_, syllable = divmod(rest, len(PROSPECT_SYLLABLES))
    place = PROSPECT_SYLLABLES[syllable] + PROSPECT_ENDINGS[ending]
    return f"{place} {suffix}" + (f" {round_ + 1}" if round_ else "")


def _slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def login(name: str) -> str:
    """The part of an address before the @: ASCII, as mail administrators make it."""
    plain = name.translate(str.maketrans("øüöîØ", "ouoiO"))
    return plain.lower().replace(" ", ".")
