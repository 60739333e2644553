"""Every problem that the service can answer with: one table gives each code its status and its words (RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, request

from fcv_api.fhir.capability import JSON as FHIR_JSON
from fcv_api.fhir.problem import is_under_fhir, outcome_of
from fcv_api.web.problem_language import language, say_language
from fcv_api.web.requests import current_request

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """One row of the table in docs/api.md.

    retry: when the same request may be sent again: "never", "after new data" or "after Retry-After".
    """

    slug: str
    status: int
    retry: str
    title: str
    spanish: str

    @property
    def type(self) -> str:
        """Its stable URI reference."""
        return f"/problems/{self.slug}"


NEVER, NEW_DATA, LATER = "never", "after new data", "after Retry-After"

TABLE = (
    Problem("not-json", 400, NEVER, "The body is not JSON", "El cuerpo no es JSON"),
    Problem("not-csv", 400, NEVER, "The body is not CSV", "El cuerpo no es CSV"),
    Problem("bad-request", 400, NEVER, "The request is malformed", "La petición está mal formada"),
    Problem(
        "bad-idempotency-key", 400, NEVER, "The Idempotency-Key is malformed", "La Idempotency-Key está mal formada"
    ),
    Problem("not-authenticated", 401, NEVER, "A valid token is needed", "Se necesita un token válido"),
    Problem("wrong-credentials", 401, NEVER, "Sign-in failed", "Inicio de sesión fallido"),
    Problem("not-allowed", 403, NEVER, "This account may not do this", "Esta cuenta no puede hacer esto"),
    Problem(
        "form-refused", 403, NEVER, "The form is of another session or site", "El formulario es de otra sesión o sitio"
    ),
    Problem("tls-needed", 403, NEVER, "Only with TLS", "Solo con TLS"),
    Problem("registration-closed", 403, NEVER, "Registration is closed", "El registro de usuarios está cerrado"),
    Problem("not-found", 404, NEVER, "There is nothing here", "Aquí no hay nada"),
    Problem("method-not-allowed", 405, NEVER, "Not with this method", "No con este método HTTP"),
    Problem("not-acceptable", 406, NEVER, "Not in this format", "No en este formato"),
    Problem("username-taken", 409, NEVER, "The username is taken", "El nombre de usuario ya existe"),
    Problem(
        "model-missing", 409, NEVER, "The model of this record is not here", "El modelo de este registro no está aquí"
    ),
    Problem("too-large", 413, NEVER, "The body is too large", "El cuerpo es demasiado grande"),
    Problem("unsupported-media-type", 415, NEVER, "Not with this content type", "No con este tipo de contenido"),
    Problem("unsupported-encoding", 415, NEVER, "Compressed bodies are not read", "No se leen cuerpos comprimidos"),
    Problem("invalid-body", 422, NEVER, "A field is missing or of another type", "Falta un campo o es de otro tipo"),
    Problem(
        "invalid-query", 422, NEVER, "A parameter of the query is wrong", "Un parámetro de la consulta es incorrecto"
    ),
    Problem("invalid-rows", 422, NEVER, "Some rows cannot be read", "Algunas filas no se pueden leer"),
    Problem(
        "code-name-conflict",
        422,
        NEVER,
        "Code and name are two different signs",
        "Código y nombre son dos signos distintos",
    ),
    Problem("wrong-unit", 422, NEVER, "The unit is not one of this sign", "La unidad no es de este signo"),
    Problem(
        "unit-missing",
        422,
        NEVER,
        "A temperature needs a known unit",
        "Una temperatura necesita una unidad conocida",
    ),
    Problem(
        "mixed-time-zones",
        422,
        NEVER,
        "Some times have an offset and others have none",
        "Unas horas traen desfase horario y otras no",
    ),
    Problem(
        "ambiguous-time",
        422,
        NEVER,
        "A time that the clock showed twice or never",
        "Una hora que el reloj marcó dos veces o nunca",
    ),
    Problem(
        "unusable-credentials",
        422,
        NEVER,
        "This name or password cannot be used",
        "Este nombre o contraseña no se puede usar",
    ),
    Problem(
        "table-too-large",
        422,
        NEVER,
        "More rows or columns than one table may have",
        "Más filas o columnas de las que admite una tabla",
    ),
    Problem(
        "too-many-encounters",
        422,
        NEVER,
        "More encounters than one request may hold",
        "Más atenciones de las que admite una petición",
    ),
    Problem("several-encounters", 422, NEVER, "Rows of more than one encounter", "Filas de más de una atención"),
    Problem(
        "idempotency-key-reused",
        422,
        NEVER,
        "The Idempotency-Key came with another request",
        "La Idempotency-Key ya vino con otra petición",
    ),
    Problem("no-known-sign", 422, NEVER, "No row is of a sign that is read", "Ninguna fila es de un signo que se lea"),
    Problem("too-few-instants", 422, NEW_DATA, "Too few instants for a window", "Muy pocos instantes para una ventana"),
    Problem(
        "window-span",
        422,
        NEW_DATA,
        "The window is too short or too long",
        "La ventana es demasiado corta o demasiado larga",
    ),
    Problem(
        "missing-signs", 422, NEW_DATA, "A sign was not measured in the window", "Un signo no se midió en la ventana"
    ),
    Problem(
        "identity-conflict", 422, NEW_DATA, "Nobody can say whose the bed is", "Nadie puede decir de quién es la cama"
    ),
    Problem("silent", 422, NEW_DATA, "The bed sends no moving sign", "La cama no envía ningún signo que se mueva"),
    Problem("too-many-attempts", 429, LATER, "Too many wrong passwords", "Demasiadas contraseñas incorrectas"),
    Problem("internal-error", 500, LATER, "An error of the service", "Un error del servicio"),
    Problem("model-output", 503, LATER, "The model gave no probabilities", "El modelo no dio probabilidades"),
    Problem("no-model", 503, LATER, "No verified model is loaded", "No hay un modelo verificado cargado"),
    Problem("directory-unavailable", 503, LATER, "The directory does not answer", "El directorio no responde"),
    Problem("sign-ins-busy", 503, LATER, "Too many sign-ins wait", "Esperan demasiados inicios de sesión"),
    Problem(
        "too-many-large-bodies",
        503,
        LATER,
        "Too many large bodies came at once",
        "Llegaron demasiados cuerpos grandes a la vez",
    ),
    Problem("feed-off", 503, LATER, "Observations are not kept here", "Aquí no se guardan observaciones"),
    Problem("waited-too-long", 503, LATER, "The request waited too long", "La petición esperó demasiado"),
    Problem("database-unavailable", 503, LATER, "The database does not answer", "La base de datos no responde"),
)
PROBLEMS = {problem.slug: problem for problem in TABLE}
# What Flask and Werkzeug raise themselves.
BY_STATUS = {
    **{400: "bad-request", 404: "not-found", 405: "method-not-allowed"},
    **{413: "too-large", 415: "unsupported-media-type"},
}
RETRY_AFTER_SECONDS = "5"


class ProblemRaised(Exception):
    """A problem of HTTP itself, raised where it is noticed."""

    def __init__(self, slug: str, detail: str) -> None:
        super().__init__(detail)
        self.slug, self.detail = slug, detail


def body_of(slug: str, detail: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Build a problem's body. more: the members that only this type has."""
    problem = PROBLEMS[slug]
    title = problem.spanish if language() == "es" else problem.title
    body = {"type": problem.type, "title": title, "status": problem.status, "detail": detail}
    return body | {"request_id": current_request().request_id} | more


def answer(slug: str, detail: str, **more: Any) -> Response:  # noqa: ANN401
    """Build the response to a problem. more: the members that only this type has."""
    problem = PROBLEMS[slug]
    current_request().problem = slug
    body, media_type = body_of(slug, detail, **more), MEDIA_TYPE
    if is_under_fhir(request.path):
        body, media_type = outcome_of(slug, body), FHIR_JSON
    response = Response(current_app.json.dumps(body) + "\n", problem.status, mimetype=media_type)
    say_language(response)
    if problem.status == 401:  # noqa: PLR2004
        response.headers["WWW-Authenticate"] = "Bearer"
    if problem.retry == LATER:
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response
