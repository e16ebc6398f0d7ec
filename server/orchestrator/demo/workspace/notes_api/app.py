"""The application: routes put together."""

from notes_api.messages import Request, Response
from notes_api.note_routes import NoteRoutes
from notes_api.router import Router
from notes_api.storage import NoteStore
from notes_api.wsgi import WsgiApp


def create_app(notes: NoteStore | None = None) -> WsgiApp:
    """The WSGI application; stores that are not given start empty."""
    router = Router()
    router.add("GET", "/health", health)
    NoteRoutes(notes or NoteStore()).register(router)
    return WsgiApp(router.answer)


def health(request: Request) -> Response:
    """Whether the service is up."""
    return Response(data={"status": "ok"})
