"""What the pages' frame says, in English and Spanish. Warnings and refusals have their words in the domain's table."""

from __future__ import annotations

from fcv_api.web.ward.language import Language

Pair = tuple[str, str]
"""The same in English and in Spanish."""

WORDS: dict[str, Pair] = {
    "ward": ("Ward", "Unidad"),
    "language": ("Español", "English"),
    "skip": ("Skip to the content", "Ir al contenido"),
    "no_alarm": (
        "No alarm system. It makes no sound and may fall silent; look at the monitors.",
        "No es un sistema de alarma. No suena y puede callar; mire los monitores.",
    ),
    "signed_in_as": ("Signed in as {name}", "Sesión de {name}"),
    "display": ("Display {name}, reading only", "Pantalla {name}, solo lectura"),
    "display_ends": (
        "The right of this display to read ends on {day}. Ask for a new token.",
        "El permiso de lectura de esta pantalla termina el {day}. Pida un nuevo token.",
    ),
    "sign_in": ("Sign in", "Iniciar sesión"),
    "sign_out": ("Sign out", "Cerrar sesión"),
    "account": ("Account", "Cuenta"),
    "password": ("Password", "Contraseña"),
    "for_a_display": ("Set up a display", "Configurar una pantalla"),
    "for_a_person": ("Sign in as a person", "Iniciar sesión como persona"),
    "token": ("Token of the display", "Token de la pantalla"),
    "display_how": (
        "`fcv users display NAME` on the server prints it. It reads the ward's pages for 90 days and nothing else.",
        (
            "En el servidor lo imprime `fcv users display NOMBRE`. "
            "Durante 90 días lee las páginas de la unidad y no puede hacer más."
        ),
    ),
    "end_display": ("End this display's token", "Terminar el token de esta pantalla"),
    "personal": (
        "A personal account: what is marked as seen is marked in its name. Sign out when you leave.",
        "Use su cuenta personal: lo que se marca como visto queda a su nombre. Cierre la sesión al irse.",
    ),
    "tls_needed": (
        "Sign in with https:// only. Nothing was read.",
        "Inicie sesión solo con https://. No se leyó nada.",
    ),
    "not_for_this_account": (
        "This account may not see the ward. It takes one with the role reader, clinician or admin.",
        "Esta cuenta no puede ver la unidad. Hace falta una con el rol reader, clinician o admin.",
    ),
    "problem": ("This did not work", "Esto no funcionó"),
    "number": ("Number of the request", "Número de la petición"),
    "back": ("Back to the ward", "Volver a la unidad"),
}
COVERS: dict[str, Pair] = {
    "lost": ("No connection since", "Sin conexión desde las"),
    "expired": ("Session expired. Sign in again.", "La sesión expiró. Inicie sesión de nuevo."),
}
"""What covers a page that cannot be trusted any more: in both languages, whoever walks past."""


MONITORS: Pair = ("Look at the monitors.", "Mire los monitores.")
"""What to do while a page is covered."""


def say(key: str, language: Language, **parts: object) -> str:
    """Return a text of the table in one language. parts: what stands in its braces."""
    english, spanish = WORDS[key]
    return (spanish if language == "es" else english).format_map(parts)
