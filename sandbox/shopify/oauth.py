"""The token endpoint and the code grant as seen over HTTP: every grant type with its answers and refusals.

It owns reading requests and writing answers; lives of tokens are in `tokens`, of installations in `installations`.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response

from sandbox.shopify import id_tokens, installations, staff, times, tokens
from sandbox.shopify.client_secrets import sign_query
from sandbox.shopify.door import Call, CutResponse, Unreadable
from sandbox.shopify.faults import FaultKind
from sandbox.shopify.pace import pause
from sandbox.shopify.store import Document
from sandbox.shopify.tokens import TokenRefused
from sandbox.shopify.world import World

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
ONLINE = "urn:shopify:params:oauth:token-type:online-access-token"
CODE_LIFE = timedelta(minutes=10)


def access_token(call: Call) -> Response:
    """POST /shops/{shop}/admin/oauth/access_token: code, token exchange, migration, refresh."""
    shop = call.shop
    try:
        form = call.form()
    except Unreadable as error:
        return _refused(TokenRefused(400, "invalid_request", str(error)))
    cut = False
    for fault in call.world.faults.take("token", shop=shop, text=form.get("grant_type", "code")):
        match fault.kind:
            case FaultKind.SLOW:
                pause(fault.ms)
            case FaultKind.CUT:
                cut = True
            case _:
                return Response(fault.body, status_code=fault.status)
    try:
        answer = _grant(call.world, shop, form)
    except TokenRefused as refused:
        return _refused(refused)
    return CutResponse() if cut else JSONResponse(answer)


def _refused(refused: TokenRefused) -> Response:
    body = {"error": refused.code, "error_description": refused.description}
    return JSONResponse(body, status_code=refused.status)


def issue_code(
    world: World, shop: str, *, scopes: list[str], redirect_uri: str, person_id: int, per_user: bool
) -> str:
    """A one-time code for the code grant, good for this shop and address."""
    code = secrets.token_hex(16)
    document = {
        "token": code,
        "client_id": world.app.client_id,
        "scopes": scopes,
        "redirect_uri": redirect_uri,
        "staff_id": person_id,
        "per_user": per_user,
        "expires_at": times.precise(world.store.now() + CODE_LIFE),
    }
    world.store.put(shop, "authorization_code", code, document)
    return code


def callback_url(world: World, shop: str, *, redirect_uri: str, code: str, state: str) -> str:
    """Where the browser goes after the grant, signed."""
    parameters = [
        ("code", code),
        ("host", world.host(shop)),
        ("shop", shop),
        ("state", state),
        ("timestamp", str(times.epoch(world.store.now()))),
    ]
    parameters.append(("hmac", sign_query(world.secrets.newest, parameters)))
    separator = "&" if "?" in redirect_uri else "?"
    return f"{redirect_uri}{separator}{urlencode(parameters)}"


def _grant(world: World, shop: str, form: dict[str, str]) -> Document:
    client_id = form.get("client_id", "")
    if client_id != world.app.client_id or not world.secrets.accepts(form.get("client_secret", "")):
        raise TokenRefused(400, "invalid_client", "The client credentials are wrong")
    grant_type = form.get("grant_type", "")
    if grant_type in ("", "authorization_code"):
        return _by_code(world, shop, form)
    if installations.current(world.store, shop, client_id=client_id) is None:
        if grant_type == "refresh_token":
            raise TokenRefused(401, "invalid_request", "This request requires an active refresh_token")
        raise TokenRefused(400, "invalid_subject_token", "The app is not installed in this shop")
    if grant_type == "refresh_token":
        return tokens.refresh(
            world.store, shop, client_id=client_id, refresh_token=form.get("refresh_token", "")
        )
    if grant_type == TOKEN_EXCHANGE:
        return _exchange(world, shop, form)
    raise TokenRefused(400, "unsupported_grant_type", f"Unknown grant_type {grant_type!r}")


def _exchange(world: World, shop: str, form: dict[str, str]) -> Document:
    subject, kind = form.get("subject_token", ""), form.get("requested_token_type", OFFLINE)
    client_id, expiring = world.app.client_id, _is_true(form.get("expiring", "0"))
    if form.get("subject_token_type") == OFFLINE and kind == OFFLINE:
        if not expiring:
            raise TokenRefused(400, "invalid_request", "A migration needs expiring=1")
        return tokens.migrate(world.store, shop, client_id=client_id, old_token=subject)
    if form.get("subject_token_type") != ID_TOKEN:
        raise TokenRefused(400, "invalid_request", "Unknown subject_token_type")
    claims = id_tokens.read(
        subject, client_id=client_id, secrets_known=world.secrets.all(), now=world.store.now()
    )
    if claims is None or claims.shop != shop:
        raise TokenRefused(400, "invalid_subject_token", "The ID token is stale or not for this shop")
    if kind == ONLINE:
        person = staff.find(world.store, shop, wanted=claims.staff_id)
        return tokens.online(world.store, shop, client_id=client_id, person=person)
    if kind == OFFLINE:
        return tokens.offline(world.store, shop, client_id=client_id, expiring=expiring)
    raise TokenRefused(400, "invalid_request", "Unknown requested_token_type")


def _by_code(world: World, shop: str, form: dict[str, str]) -> Document:
    code = form.get("code", "")
    with world.store.lock:
        kept = world.store.get(shop, "authorization_code", code)
        if kept is None or world.store.now() >= times.parse(kept["expires_at"]):
            raise TokenRefused(
                400, "invalid_request", "The authorization code was not found or was already used"
            )
        world.store.delete(shop, "authorization_code", code)
    world.install(shop, client_id=world.app.client_id, scopes=kept["scopes"])
    if kept["per_user"]:
        person = staff.find(world.store, shop, wanted=kept["staff_id"])
        return tokens.online(world.store, shop, client_id=world.app.client_id, person=person)
    expiring = _is_true(form.get("expiring", "0"))
    return tokens.offline(world.store, shop, client_id=world.app.client_id, expiring=expiring)


def _is_true(text: str) -> bool:
    return text.strip().lower() in ("1", "true")
