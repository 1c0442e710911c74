"""Static files under an address that names their content: they may be kept for ever."""

from __future__ import annotations

import os

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from web import render

FOR_EVER = "public, max-age=31536000, immutable"


class Immutable(StaticFiles):
    """Files whose address changes with their content. An address of an older release gets today's file, uncached."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The file with the cache rule of its address."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        is_current = scope.get("path_params", {}).get("digest") == render.digest()
        response.headers["Cache-Control"] = FOR_EVER if is_current else "no-cache"
        return response


FILES = Immutable(directory=render.STATIC)
