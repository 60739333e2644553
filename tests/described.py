"""What is the same for every app and most of the work of making one, made once a process."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_smorest import Api, Blueprint
from werkzeug.routing import Rule


class DescribedOnce(Api):  # type: ignore[misc]
    """Describes the routes of the first app of a process, and shows what it made for each later one."""

    first: ClassVar[DescribedOnce | None] = None
    spec: Any  # apispec's

    def _init_spec(self, **options: Any) -> None:
        if DescribedOnce.first is None:
            DescribedOnce.first = self
            super()._init_spec(**options)
        else:
            self.spec = DescribedOnce.first.spec

    def register_blueprint(self, blueprint: Blueprint, **options: Any) -> None:
        """Bind a blueprint's routes to the app, and describe them where nobody has."""
        if self is DescribedOnce.first:
            super().register_blueprint(blueprint, **options)
        else:
            self._app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
            self._app.register_blueprint(blueprint, **options)


_BUILDERS: dict[tuple[object, ...], Any] = {}
_compile = Rule._compile_builder  # noqa: SLF001 - it compiles Python for each rule of each app


def builder_of(rule: Rule, append_unknown: bool = True) -> Any:  # noqa: FBT001, FBT002 - as werkzeug calls it
    """Return the function that builds the URLs of a rule: one for all rules that read alike."""
    key = (*rule._trace, repr(rule.defaults), append_unknown)  # noqa: SLF001
    if key not in _BUILDERS:
        _BUILDERS[key] = _compile(rule, append_unknown)
    return _BUILDERS[key]
