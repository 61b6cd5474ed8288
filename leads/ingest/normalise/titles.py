"""Job title → seniority and department, by words in the languages our users sell in."""

import re
from functools import lru_cache

from leads.enums import Seniority

# The first pattern that matches decides, so the order is part of the meaning: "assistant to the CEO" is staff,
# "vice president" is not president, "sales manager trainee" is a trainee.
SENIORITY = [
    (Seniority.TRAINEE, r"""student|intern(ship)?|trainee|apprentice|praktikant(in)?|werkstudent(in)?|auszubildende[rn]?
        |azubi|stagiaire|alternante?|becari[oa]|estudiante|étudiante?|pupil|graduate trainee"""),
    (Seniority.STAFF, r"""(assistant|assistenz|secretary|sekretär(in)?|assistante?|asistente) (to|of|der|des|du|de|to the)\b.*
        |personal assistant|executive assistant"""),
    (Seniority.VP, r"s?vp|evp|avp|vice[- ]president|vice[- ]président(e)?|vizepräsident(in)?|vicepresident[ea]"),
    (Seniority.C_LEVEL, r"""c[etfiomrspdhl]o|ciso|chief( [\w&-]+){0,3} officer|(co-?)?founder|owner|president|chair(man|woman)?
        |managing (director|partner)|geschäftsführer(in)?|vorstand(svorsitzende[rn]?)?|inhaber(in)?
        |gründer(in)?|pdg|président(e)?|directeur général|directrice générale|gérante?|fondat(eur|rice)
        |director[a]? general|gerente general|presidente|fundador[a]?|dueñ[oa]|propriétaire"""),
    (Seniority.DIRECTOR, r"director[a]?|direktor(in)?|directeur|directrice|dir"),
    (Seniority.HEAD, r"""head|leiter(in)?|\w+leiter(in)?|leitung|lead|principal|responsable|chef(fe)?|jef[ea]
        |bereichsleitung|abteilungsleitung"""),
    (Seniority.MANAGER, r"manager(in)?|supervisor|team ?lead(er)?|gerente|gestionnaire|\w*manager(in)?|foreman|coordinator"),
    (Seniority.SENIOR, r"senior|sr|expert(e|in)?|specialist[ae]?|spezialist(in)?|staff engineer|consultant|advisor|architect"),
]  # fmt: skip

DEPARTMENTS = [
    ("it", r"""it|cto|cio|ciso|information (technology|systems)|software|developer|programmer|entwickler(in)?|informatiker(in)?
        |devops|data|sysadmin|systems? administrator|network|database|web|cloud|technology|technolog\w+|digital|edv
        |informatique|développeu(r|se)|sistemas|informática|multimedia|cyber\w*|security engineer"""),
    ("marketing", r"""marketing|cmo|brand|communications?|pr|public relations|content|seo|advertising|kommunikation|werbung
        |media (buyer|planner)|growth|demand generation|publicidad|publicité"""),
    ("sales", r"""sales|cro|account (executive|manager)|business development|vertrieb\w*|verkauf\w*|verkäufer(in)?|ventas
        |commercial(e)?|ventes|revenue|key account|retail|dealer|sdr|bdr"""),
    ("hr", r"""hr|chro|human resources?|people|talent|recruit\w*|personal\w*|training|ressources humaines|recursos humanos
        |rrhh|drh"""),
    ("finance", r"""finance|financial|cfo|account(ant|ing|s)|controll(er|ing)|treasur\w+|audit\w*|tax|buchhalt\w+|finanz\w*
        |comptab\w+|finanzas|contab\w+|actuary|banker|insurance|payable|receivable|ap|ar"""),
    ("purchasing", r"purchas\w+|procurement|buyer|sourcing|einkauf\w*|einkäufer(in)?|achats?|achet\w+|compras|cpo"),
    ("legal", r"legal|lawyer|solicitor|barrister|attorney|counsel|compliance|recht\w*|jurist\w*|juridique|avocate?|abogad[oa]"),
    ("support", r"support|customer (service|success|care)|help ?desk|kundendienst|kundenservice|service (desk|manager)"),
    ("product", r"product (manager|owner|management|lead|director|designer)|product|produktmanag\w+|ux|ui|chef de produit"),
    ("production", r"""production|manufactur\w+|plant|factory|produktion\w*|fertigung\w*|werk(s)?leiter(in)?|fabrication
        |producción|quality|qualität\w*"""),
    ("operations", r"""operations?|coo|logist\w+|supply chain|warehouse|facilit\w+|betrieb\w*|lager\w*|opérations|operaciones
        |transport\w*|fleet|office manager"""),
    ("research", r"r&d|research\w*|scientist|science|forsch\w+|entwicklung|laborator\w+|lab|chercheu(r|se)|investigador[a]?"),
    ("engineering", r"""engineer\w*|ingenieur\w*|ingénieure?|ingenier[oa]|technical|technician|techniker(in)?|architect
        |konstruk\w+|mechani\w+|electri\w+|surveyor"""),
    ("education", r"""teacher|lecturer|professor|education\w*|school|lehrer(in)?|tutor|librarian|enseignante?|profesor[a]?
        |student\w*"""),
    ("health", r"nurse|doctor|physician|medical|clinical|health|therap\w+|surgeon|pharmac\w+|dent(al|ist)|arzt|ärztin"),
    ("management", r"""ceo|chief executive officer|founder|owner|president|managing (director|partner)|general manager
        |geschäftsführ\w+|vorstand|inhaber(in)?|pdg|gérante?|directeur général|director general|gerente general"""),
]  # fmt: skip


def _compiled(table: list[tuple[str, str]]) -> list[tuple[str, re.Pattern[str]]]:
    return [(str(name), re.compile(rf"(?<!\w)(?:{_one_line(words)})(?!\w)", re.IGNORECASE)) for name, words in table]


def _one_line(words: str) -> str:
    return re.sub(r"\s*\n\s*", "", words)


_SENIORITY, _DEPARTMENTS = _compiled(SENIORITY), _compiled(DEPARTMENTS)


@lru_cache(maxsize=8192)
def read_title(title: str) -> tuple[str, str]:
    """(seniority, department) of a job title, each "" when it does not say. A title without rank is staff."""
    plain = re.sub(r"[/,;:()|.]+", " ", title).strip()
    if not plain or not re.search(r"[^\W\d_]{2}", plain):
        return "", ""
    seniority = next((name for name, pattern in _SENIORITY if pattern.search(plain)), str(Seniority.STAFF))
    return seniority, next((name for name, pattern in _DEPARTMENTS if pattern.search(plain)), "")
