"""The quick way to the words of a language (speed.md): a page asks for some 150 of them.

Flask-Babel looks for its context, the domain, the locale and the locale's name at each word; Jinja's extension adds
three calls of its own. Here a request finds its catalogue once, and a template finds a word in a dictionary.
"""

from __future__ import annotations

from typing import Any

import flask_babel
from flask import Flask, current_app, g, has_app_context, render_template
from flask_babel import Domain, get_locale
from markupsafe import Markup


class Catalogue:
    """The words of one language, and the pieces of pages that depend on nothing else."""

    def __init__(self, translations: Any) -> None:
        self.translations = translations
        self.raw: dict[str, Markup] = {}
        self.whole: dict[str, Markup] = {}
        self.pieces: dict[str, Markup] = {}
        self.plain: dict[str, str] = {}
        self.labels: dict[tuple[Any, str], str] = {}

    def text(self, message: str) -> str:
        """The word for Python."""
        found = self.plain.get(message)
        if found is None:
            found = self.plain[message] = str(self.translations.ugettext(message))
        return found

    def word(self, message: str) -> Markup:
        """The word for a template, as it is: ``%%`` not yet read as a sign."""
        found = self.raw.get(message)
        if found is None:
            found = self.raw[message] = Markup(self.translations.ugettext(message))  # noqa: S704  our own catalogue
        return found


class WordsDomain(Domain):
    """Flask-Babel's domain, which remembers the catalogue of the request."""

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain=";".join(domain.domain))
        self.catalogues: dict[str, Catalogue] = {}

    def catalogue(self) -> Catalogue:
        """The catalogue of the language in force; ``force_locale`` puts another one in force."""
        here = g._get_current_object()
        babel = here.get("_flask_babel")
        locale = getattr(babel, "babel_locale", None) or get_locale()
        kept = here.get("words")
        if kept is not None and kept[0] is locale:
            return kept[1]
        name = str(locale)
        if name not in self.catalogues:
            self.catalogues[name] = Catalogue(super().get_translations())
        here.words = locale, self.catalogues[name]
        return self.catalogues[name]

    def get_translations(self) -> Any:
        return self.catalogue().translations if has_app_context() else super().get_translations()


def catalogue() -> Catalogue:
    """The catalogue of the language in force."""
    found: Catalogue = current_app.extensions["geban_words"].catalogue()
    return found


def gettext(message: str, /, **variables: Any) -> str:
    """Flask-Babel's ``gettext``, found in a dictionary."""
    if not has_app_context():
        return str(flask_babel.gettext(message, **variables))
    text = catalogue().text(message)
    return text % variables if variables else text


def install(app: Flask) -> None:
    """Put the quick way in place of Flask-Babel's; after Flask-Babel has been installed."""
    babel = app.extensions["babel"].instance
    babel.domain_instance = domain = WordsDomain(babel.domain_instance)
    app.extensions["geban_words"] = domain

    def word(message: str, /, **variables: Any) -> Markup:
        """``_("…")`` of a template: values are escaped, the words are not; a ``%`` of the words is written ``%%``."""
        found = domain.catalogue()
        if variables:
            return found.word(message) % variables
        plain = found.whole.get(message)
        if plain is None:
            plain = found.whole[message] = found.word(message) % {}
        return plain

    def still(template: str) -> Markup:
        """A piece of a page that depends on the language alone, drawn once."""
        found = domain.catalogue()
        if template not in found.pieces or app.jinja_env.auto_reload:
            found.pieces[template] = Markup(render_template(template))  # noqa: S704  a template of ours
        return found.pieces[template]

    app.jinja_env.globals.update({"_": word, "gettext": word, "still": still})
