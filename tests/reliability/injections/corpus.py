"""Texts and files that would run something, were they taken for code: the corpus of the tests of injections."""

from __future__ import annotations

from html.parser import HTMLParser

HIT = "window.hit=1"  # what a script among them does
MARK = "--hit"  # the property of CSS that a style among them sets
AWAY = "http://leak.invalid"  # where a request among them goes

MARKUP = (
    f"<script>{HIT}</script>",
    f"</script><script>{HIT}</script>",
    f"</title></style></textarea><img src=x onerror={HIT}>",
    f"<svg onload={HIT}><animate onbegin={HIT} attributeName=x></svg>",
    f"<style>*{{{MARK}:1}}</style>",
    f"<iframe srcdoc='<script>parent.{HIT}</script>'></iframe>",
    f"<link rel=stylesheet href={AWAY}/a.css><base href={AWAY}/>",
    f"<meta http-equiv=refresh content='0;url={AWAY}/'>",
    f"<a href=javascript:{HIT}>link</a><object data={AWAY}/o></object>",
    f"\" onmouseover={HIT} x=\" ' onfocus={HIT} autofocus x='",
    f"&lt;img src=x onerror={HIT}&gt; &#60;script&#62;{HIT}&#60;/script&#62;",
    f"--><!--<img src={AWAY}/c.png>",
)
MARKDOWN = (
    f"![picture]({AWAY}/a.png)",
    f"![picture][1]\n\n[1]: {AWAY}/b.png",
    f"[link](javascript:{HIT})",
    f"{AWAY}/bare <{AWAY}/angle> www.leak.invalid a@leak.invalid",
    f"$\\href{{javascript:{HIT}}}{{x}}$ $$\\includegraphics{{{AWAY}/d.png}}$$",
    ":red[red] :material/home: :smile: :blue-background[x]",
    "# heading\n\n- list\n\n> quote\n\n| a | b |\n|---|---|\n| c | d |",
    "`code` **bold** ~~gone~~ <u>under</u>",
)
TEMPLATES = (
    "{0.__class__} {values} {}",
    "{{7*7}} ${7*7} #{7*7} <%= 7*7 %>",
    "%SCRIPT% %DATA% %(x)s %s",
    "\u202eesrever",
)
STYLES = (f"@import url({AWAY}/e.css);", f"url({AWAY}/f.png)", "}*{" + MARK + ":1}")
TEXTS = (*MARKUP, *MARKDOWN, *TEMPLATES, *STYLES)
ALL = " a dog ".join(TEXTS)  # one text with everything in it

FORMULAS = (
    *("=1+1", "+1+1", "-1+1", "@SUM(A1)", '=HYPERLINK("http://leak.invalid","x")', "=cmd|' /C calc'!A0"),
    *("\uff1d1+1", "\uff0b1+1", "\uff0d1+1", "\uff20SUM(A1)", "\ufe631+1"),  # wide and small signs
    *("\t=1+1", "\r=1+1", "\n=1+1", "  =1+1", "\u3000=1+1", "\ufeff=1+1", "\tx", "\rx"),
)
NAMES = (f"![a]({AWAY}.png)<img src=x onerror={HIT}>.jpg".replace("/", ":"), "{0.__class__} [x](y) **b** $z$.jpg")
SVG = (
    f'<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99" onload="{HIT}"><script>{HIT}</script>'
    f'<image href="{AWAY}/s.png" width="9" height="9"/></svg>'
).encode()


class Elements(HTMLParser):
    """The elements of a page, in their order, each with the names of its attributes, and the addresses in it."""

    ADDRESSES = ("src", "href", "srcset", "action", "data", "poster", "xlink:href", "formaction")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(sorted(name for name, _ in attrs))))
        self.addresses += [value or "" for name, value in attrs if name in self.ADDRESSES]
