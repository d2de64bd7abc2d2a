"""A page: one HTML file that holds all it needs, and whose own policy forbids it to load or send anything.

Charts are data blocks, drawn by one script of ours with the embedded plotly.js. The policy names those two scripts by
their hashes: text that found its way in unescaped could still not run. Cost: plotly.js makes a page with charts about
5 MB; one without has no script, and its policy allows none.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from itertools import groupby
from typing import Any

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from pipelines.reporting import numbers

_PACKAGE = "pipelines.reporting"
_FILTERS = ("count", "number", "signed", "percent", "p_value", "setting", "duration", "moment")


@dataclass(frozen=True)
class Chart:
    """A chart in a page.

    Attributes:
        element_id: of the element that it is drawn in.
        title: shown above it, and read out.
        json: data and layout, safe inside a script element.
        height: in pixels, so that the page does not jump while charts are drawn.
    """

    element_id: str
    title: str
    json: Markup
    height: int

    @classmethod
    def of(cls, element_id: str, title: str, figure: go.Figure) -> "Chart":
        """The chart of a figure."""
        # Escaped as JSON allows, "<" cannot end the script element that holds the block.
        data = str(figure.to_json()).replace("<", "\\u003c")
        return cls(element_id, title, Markup(data), int(figure.layout.height))


def render(template: str, *, has_charts: bool, **values: Any) -> str:
    """The HTML of a page.

    Args:
        template: file name of one that extends `document.html`.
        has_charts: embed what draws them.
        values: what the template names. Jinja escapes every one that is not Markup, which only we make.
    """
    environment = Environment(
        loader=PackageLoader(_PACKAGE, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({name: getattr(numbers, name) for name in _FILTERS})
    environment.filters.update(in_groups=_in_groups, settings_json=_settings_json)
    scripts = [get_plotlyjs(), _file("draw.js")] if has_charts else []
    return environment.get_template(template).render(
        **values,
        style=Markup(_file("style.css")),
        scripts=[Markup(script) for script in scripts],
        script_hashes=Markup(" ".join(map(_csp_hash, scripts))),
    )


def _in_groups(rows: Iterable[Mapping[str, Any]], key: str) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Neighbouring rows that share a value, in their order; Jinja's own groupby would sort them."""
    return [(value, list(group)) for value, group in groupby(rows, key=lambda row: row[key])]


def _settings_json(config: Any) -> str:
    return json.dumps(config, indent=2, ensure_ascii=False)


def _file(name: str) -> str:
    return resources.files(_PACKAGE).joinpath(name).read_text(encoding="utf-8")


def _csp_hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
