"""An app whose OpenAPI document was made before: it is the same for every app, and most of the work of making one."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_smorest import Api, Blueprint


class DescribedOnce(Api):  # type: ignore[misc]
    """Describes the routes of the first app of a process, and shows what it made for each later one."""

    first: ClassVar[DescribedOnce | None] = None

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
