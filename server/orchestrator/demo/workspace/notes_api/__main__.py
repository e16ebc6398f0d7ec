"""Serve the API on this machine."""

from wsgiref.simple_server import make_server

from notes_api.app import create_app

PORT = 8000

if __name__ == "__main__":
    with make_server("127.0.0.1", PORT, create_app()) as server:
        print(f"http://127.0.0.1:{PORT}")
        server.serve_forever()
