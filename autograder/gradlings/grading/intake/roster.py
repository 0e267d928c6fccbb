"""Who belongs to a class: a CSV file of any LMS, matched with the names under which submissions came in.

A person is found by id, then login, then e-mail, then name. What cannot be read, or could mean two people, is refused
in a sentence that names the file and the remedy, before anything is graded.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from gradlings.grading.intake.table import Table, read_table
from gradlings.model.errors import InputError

_MAX_WORDS = 8
_HEADERS = {
    "id": """id, user id, student id, sid, sis user id, orgdefinedid, identifier, id number, idnumber, display id,
        integration id, matriculation number, matrikelnummer, id-nummer, numéro d'identification, número de id,
        identifiant, identificador, número de identificação""",
    "login": """login, login id, sis login id, username, user name, user, github username, student_id, benutzername,
        anmeldename, nutzername, nom d'utilisateur, nombre de usuario, nome utente, identificação de usuário""",
    "email": """email, e-mail, email address, e-mail address, mail, e-mail-adresse, adresse de courriel,
        correo electrónico, dirección de correo, endereço de email, indirizzo email""",
    "name": "name, student, full name, student name, vollständiger name, nom complet, nombre completo, nome completo",
    "first": "first name, firstname, first_name, given name, vorname, prénom, nombre, nome",
    "last": "last name, lastname, last_name, surname, family name, nachname, nom, nom de famille, apellido(s), cognome",
}
_KINDS = {header.strip(): kind for kind, listed in _HEADERS.items() for header in listed.replace("\n", " ").split(",")}
_KEYS = ("id", "login", "email")
_NO_PERSON = re.compile(r"\s*points possible|\s*student, test\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Person:
    """A row of a roster."""

    label: str
    """What tables show: name and id, as far as the roster has them."""
    keys: tuple[str, ...]
    """Ids, then logins, then e-mail addresses."""
    names: frozenset[str]
    """See `_forms`."""
    lines: tuple[int, ...]
    """Of the file: several where somebody is listed once for each section."""
    login: str = ""
    email: str = ""


class Roster:
    """The people of a class.

    Raises:
        InputError: the file cannot be read as one.
    """

    def __init__(self, path: Path, table: Table | None = None) -> None:
        self.path = path
        self.people = _people(table or read_table(path))

    def missing(self, students: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the labels of people without a submission, and the students that are none of these people.

        Raises:
            InputError: a submission may be that of two people, or there is none of anybody.
        """
        present, unknown = set(), []
        for student in students:
            person = self._person(student)
            if person is None:
                unknown.append(student)
            else:
                present.add(person)
        if unknown and not present:
            raise InputError(
                f"{self.path} has nobody whose submission is here, e.g. {unknown[0]}. Is it that of another course?"
            )
        return tuple(sorted(person.label for person in self.people if person not in present)), tuple(unknown)

    def _person(self, student: str) -> Person | None:
        name, keys = name_and_keys(student)
        by_key = next(filter(None, ([p for p in self.people if key in p.keys] for key in keys)), [])
        by_name = [person for person in self.people if name and name in person.names]
        both = [person for person in by_key if person in by_name]
        found = both or (by_name if len(by_name) == 1 else by_key or by_name)
        if len(found) > 1:
            raise self.namesakes(student, found)
        return found[0] if found else None

    def namesakes(self, student: str, people: list[Person]) -> InputError:
        """Return what to raise where a submission may be that of several people."""
        lines = " and ".join(str(person.lines[0]) for person in people[:2])
        return InputError(
            f"{self.path}: lines {lines} both fit the submission of {student}. Give the roster a column `login` or "
            "`id`, and name the submission after it."
        )


def name_and_keys(student: str) -> tuple[str, list[str]]:
    """Return the name in what a submission is called, and what may be an id, login or address, surest first."""
    whole = student.casefold().strip()
    name, _, tail = whole.rpartition("_")
    keys = [whole]
    if found := re.fullmatch(r"(?P<name>.+?)(?: - |\()(?P<key>[^()]+)\)?", whole):
        name, tail = found["name"], found["key"]
    if name:
        keys.append(tail.strip())
        keys += [name.rpartition("_")[2]] if tail.isdecimal() else []  # ILIAS: Doe_Jane_jdoe_311
    keys += [whole[at + 1 :] for at, letter in enumerate(whole) if letter == "-"]  # a clone: tiny-jdoe
    is_key = bool(name) and (tail.isdecimal() or "@" in tail or whole.endswith(")") or " - " in whole)
    return _letters(name if is_key else whole), keys


def _letters(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFC", name).casefold() if c.isalnum())


def _people(table: Table) -> tuple[Person, ...]:
    path, rows = table.path, table.filled_rows
    kinds = [kind_of(cell) for cell in rows[0].values] if rows else []
    if not rows:
        raise InputError(f"{path} is empty. Export it again, or write one login on each line.")
    if not any(kinds):
        if any(len(row.values) > 1 for row in rows):
            raise InputError(
                f"{path}: no column of its first line ({', '.join(rows[0].values)[:100]}) is known. Call one of them "
                "`id`, `login`, `email` or `name`."
            )
        return tuple(_listed(row.values[0].strip(), row.line) for row in rows)
    people: dict[tuple[str, tuple[str, ...]], Person] = {}
    for row in rows[1:]:
        person = _person_of(kinds, row.values, row.line)
        if person is not None:
            known = people.setdefault((person.label, person.keys), person)
            if known is not person:
                people[person.label, person.keys] = replace(known, lines=(*known.lines, row.line))
    if not people:
        raise InputError(f"{path} lists nobody. Export it again, or write one login on each line.")
    return tuple(people.values())


def _listed(name: str, line: int) -> Person:
    """Return the person of a plain list, one on each line."""
    return Person(name, (name.casefold(),), frozenset(_forms(name)), (line,), login=name)


def kind_of(header: str) -> str:
    """Return what a column holds by its header: id, login, email, name, first or last; empty if it is none of these."""
    return _KINDS.get(header.strip().lstrip("#").casefold(), "")


def _person_of(kinds: list[str], row: tuple[str, ...], line: int) -> Person | None:
    def values(kind: str) -> list[str]:
        cells = (cell.strip() for found, cell in zip(kinds, row, strict=False) if found == kind)
        return [cell for cell in cells if cell]

    if any(_NO_PERSON.match(cell) for kind, cell in zip(kinds, row, strict=False) if kind):
        return None
    first, last = " ".join(values("first")), " ".join(values("last"))
    names = [*values("name"), *([f"{first} {last}".strip()] if first or last else [])]
    keys = [key.lstrip("#") for kind in _KEYS for key in values(kind)]
    keys += [digits[0] for key in values("id") if (digits := re.findall(r"\d+$", key))]  # "Participant 12"
    label = "_".join([*names[:1], *keys[:1]])
    forms = frozenset(form for name in names for form in _forms(name))
    login, email = ("".join(values(kind)[:1]).lstrip("#") for kind in ("login", "email"))
    return Person(label, tuple(key.casefold() for key in keys), forms, (line,), login, email) if label else None


def _forms(name: str) -> Iterable[str]:
    """Yield a name as letters in each order that keeps neighbors: janevandoe, vandoejane, doejanevan."""
    words = name.replace(",", " ").split()[:_MAX_WORDS]
    for first in range(len(words)):
        if letters := _letters("".join(words[first:] + words[:first])):
            yield letters
