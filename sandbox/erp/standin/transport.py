"""A way to the books in the same process: an httpx2 transport that needs no server."""

from __future__ import annotations

import json

import httpx2

from sandbox.erp.standin.books import Books, Refused


class BooksTransport(httpx2.BaseTransport):
    """Answers as the HTTP face does."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Carries the request to the books."""
        verb = request.url.path.strip("/")
        try:
            answer = self._books.call(verb, json.loads(request.read()))
        except Refused as refusal:
            return httpx2.Response(422, json={"error": str(refusal)}, request=request)
        except LookupError:
            return httpx2.Response(404, json={"error": "no such verb"}, request=request)
        return httpx2.Response(200, content=json.dumps(answer).encode(), request=request)
