"""How alike two names are: accents, short forms, swapped names and slips of the keyboard."""

import unicodedata
from functools import lru_cache

from rapidfuzz.distance import JaroWinkler

# Short forms of one name; each group has one bearer for comparing.
_FORMS = """
alexander alex sasha xander sandro; alexandra alex sandra sasha; andrew andy drew andreas; anthony tony antonio toni;
barbara barb barbie; benjamin ben benny; catherine katherine kathryn katharina kate kathy cathy katie kat;
charles charlie chuck carlos; christopher chris kris christoph; christina chris tina christine; daniel dan danny;
david dave; deborah deb debbie; edward ed eddie ted; elizabeth liz lizzie beth betty eliza elisabeth;
francis frank francisco paco; frederick fred freddie friedrich fritz; gabriel gabe; gregory greg; henry harry heinrich;
isabella isabel bella; jacob jake; james jim jimmy jamie; jennifer jen jenny; jessica jess jessie;
john jon johnny jack johann johannes hans; jonathan jon jonny; joseph joe joey jose pepe josef sepp;
joshua josh; kenneth ken kenny; lawrence larry; leonard leo len; magdalena lena; manuel manny manolo;
margaret maggie meg peggy greta margarete; matthew matt matthias; michael mike mick micky mikey michel;
nathaniel nathan nate; nicholas nick nicky nikolaus klaus nico; pamela pam; patrick pat paddy; patricia pat patty trish;
peter pete; philip phil; rebecca becky becca; richard rick ricky dick rich; robert rob bob bobby bert;
ronald ron ronnie; samuel sam sammy; samantha sam; stephen steven steve stefan; susan sue susie susanne;
theodore ted theo; thomas tom tommy; timothy tim timmy; victoria vicky tori; vincent vince; walter walt;
william will bill billy liam willy wilhelm; zachary zach
"""


def _groups() -> dict[str, set[int]]:
    groups: dict[str, set[int]] = {}
    for number, group in enumerate(_FORMS.replace("\n", " ").split(";")):
        for name in group.split():
            groups.setdefault(name, set()).add(number)
    return groups


_GROUP_OF = _groups()


@lru_cache(maxsize=65536)
def plain(name: str) -> str:
    """Small letters without accents and marks: "Núñez-Ortega " → "nunez ortega"."""
    spelt = name.lower().replace("ß", "ss").replace("ø", "o").replace("ł", "l").replace("æ", "ae")
    bare = "".join(c for c in unicodedata.normalize("NFKD", spelt) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in bare).split())


@lru_cache(maxsize=65536)
def skeleton(word: str) -> str:
    """What slips leave as it is: the first letter and the other consonants, once each; short forms are one."""
    if word in _GROUP_OF:
        return f"~{min(_GROUP_OF[word])}"
    return word[:1] + "".join(sorted({c for c in word[1:] if c not in "aeiouyhw"}))


def alike(first: str, last: str, other_first: str, other_last: str) -> float:
    """0 to 1: the less alike of first and last names, as they are or swapped. 0 where a part is unknown.

    An initial counts as half a name: J. Miller may be John Miller, and may be somebody else.
    """
    a, b, c, d = plain(first), plain(last), plain(other_first), plain(other_last)
    if not (a and b and c and d):
        return 0.0
    return max(min(_word(a, c), _word(b, d)), 0.98 * min(_word(a, d), _word(b, c)))


def _word(one: str, two: str) -> float:
    if one == two:
        return 1.0
    if _GROUP_OF.get(one, set()) & _GROUP_OF.get(two, set()):
        return 0.96
    if min(len(one), len(two)) == 1:
        return 0.85 if one[0] == two[0] else 0.0
    return JaroWinkler.normalized_similarity(one, two)
