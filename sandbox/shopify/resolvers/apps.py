"""The app as the Admin API sees it: its installation, scopes, and how it gives them up."""

from __future__ import annotations

from typing import Any

from sandbox.shopify import installations
from sandbox.shopify.context import Context
from sandbox.shopify.documents import gid
from sandbox.shopify.errors import user
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.schema import VERSION
from sandbox.shopify.store import Document


def scope(handle: str) -> Document:
    """An AccessScope."""
    verb, _, subject = handle.partition("_")
    return {"handle": handle, "description": f"{verb.capitalize()} {subject.replace('_', ' ')}"}


def app(context: Context) -> Document:
    """The calling app."""
    installed = installations.current(context.store, context.shop, client_id=context.client_id) or {}
    handle = installed.get("handle") or context.client_id
    return {
        "id": gid("App", installed.get("id", 0)),
        "apiKey": context.client_id,
        "handle": handle,
        "title": installed.get("title") or handle,
        "embedded": True,
        "developerName": None,
        "webhookApiVersion": VERSION,
        "requestedAccessScopes": [scope(one) for one in installed.get("scopes", [])],
        "optionalAccessScopes": [scope(one) for one in installed.get("optional", [])],
    }


@resolves("QueryRoot.currentAppInstallation")
def current_app_installation(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    installed = installations.current(context.store, context.shop, client_id=context.client_id) or {}
    held = installed.get("scopes") or sorted(context.scopes)
    calling = app(context)
    return {
        "id": gid("AppInstallation", installed.get("id", 0)),
        "launchUrl": f"https://{context.shop}/admin/apps/{calling['handle']}",
        "uninstallUrl": None,
        "accessScopes": [scope(one) for one in sorted(held)],
        "activeSubscriptions": [],
        "app": calling,
    }


@resolves("QueryRoot.app")
def app_by_id(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    calling = app(context)
    return calling if arguments.get("id") in (None, calling["id"]) else None


@resolves("Mutation.appRevokeAccessScopes")
def app_revoke_access_scopes(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    installed = installations.current(context.store, context.shop, client_id=context.client_id) or {}
    wanted, held = arguments["scopes"], set(installed.get("scopes", []))
    if any(one not in held for one in wanted):
        message = "The requested list of scopes to revoke includes invalid handles."
        return {"revoked": None, "userErrors": [user(message, "scopes", code="UNKNOWN_SCOPES")]}
    if not set(installed.get("required", [])).isdisjoint(wanted):
        message = "The requested list of scopes to revoke includes required scopes."
        error = user(message, "scopes", code="CANNOT_REVOKE_REQUIRED_SCOPES")
        return {"revoked": None, "userErrors": [error]}
    installations.revoke(context.store, context.shop, client_id=context.client_id, scopes=wanted)
    return {"revoked": [scope(one) for one in wanted], "userErrors": []}


@resolves("Mutation.appUninstall")
def app_uninstall(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    calling = app(context)
    installations.uninstall(context.store, context.shop, client_id=context.client_id)
    return {"app": calling, "userErrors": []}
