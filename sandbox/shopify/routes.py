"""Every address of the local Shopify on one screen: method, path, handler.

Three families: what stands for `https://{shop}` (under /shops), what stands for the admin (under /store), and what
exists here only (/control, /partner). The first match wins.
"""

from __future__ import annotations

from sandbox.shopify import api, assets, bulk_files, control, control_trade, oauth
from sandbox.shopify.door import Handler
from sandbox.shopify.shell import frame, goods, grants, log, order_acts, orders, people, places

CONTROL: list[tuple[str, str, Handler]] = [
    ("GET", "/control/health", control.health),
    ("GET", "/control/shops", control.shops),
    ("POST", "/control/shops/{shop}/link", control.link),
    ("POST", "/control/shops/{shop}/install", control.install),
    ("POST", "/control/shops/{shop}/uninstall", control.uninstall),
    ("POST", "/control/shops/{shop}/scopes", control.change_scopes),
    ("POST", "/control/shops/{shop}/id-token", control.id_token),
    ("POST", "/control/shops/{shop}/app-url", control.app_url),
    ("POST", "/control/shops/{shop}/tokens/expire", control.expire_tokens),
    ("POST", "/control/shops/{shop}/tokens/revoke", control.revoke_tokens),
    ("GET", "/control/shops/{shop}/bucket", control.bucket),
    ("POST", "/control/shops/{shop}/privacy/data-request", control.data_request),
    ("POST", "/control/shops/{shop}/privacy/redact-customer", control.redact_customer),
    ("POST", "/control/shops/{shop}/privacy/redact-shop", control.redact_shop),
    ("GET", "/control/shops/{shop}/deliveries", control.deliveries),
    ("GET", "/control/shops/{shop}/deliveries/{id:int}", control.delivery),
    ("POST", "/control/shops/{shop}/deliveries/{id:int}/redeliver", control.redeliver),
    ("POST", "/control/webhooks/deliver", control.deliver),
    ("GET", "/control/faults", control.faults),
    ("POST", "/control/faults", control.faults),
    ("DELETE", "/control/faults", control.faults),
    ("GET", "/control/clock", control.clock),
    ("POST", "/control/clock", control.clock),
    ("POST", "/control/secrets", control.rotate_secrets),
    ("GET", "/control/shops/{shop}/records/{kind}", control_trade.records),
    ("POST", "/control/shops/{shop}/orders", control_trade.create_order),
    ("POST", "/control/shops/{shop}/orders/{id:int}/{act}", control_trade.change_order),
    ("POST", "/control/shops/{shop}/returns/{id:int}/{act}", control_trade.change_return),
    ("POST", "/control/shops/{shop}/graphql", control_trade.ask),
    ("POST", "/control/shops/{shop}/stock", control_trade.set_stock),
    ("POST", "/control/shops/{shop}/tell", control_trade.tell),
    ("POST", "/control/shops/{shop}/products/{id:int}", control_trade.change_product),
    ("POST", "/control/shops/{shop}/customers", control_trade.create_customer),
    ("POST", "/control/shops/{shop}/customers/{id:int}", control_trade.change_customer),
]

SHOP: list[tuple[str, str, Handler]] = [
    ("POST", "/shops/{shop}/admin/api/{version}/graphql.json", api.graphql),
    ("POST", "/shops/{shop}/admin/oauth/access_token", oauth.access_token),
    ("GET", "/shops/{shop}/admin/oauth/authorize", grants.authorize),
    ("POST", "/shops/{shop}/admin/oauth/authorize", grants.authorize_granted),
    ("GET", "/shops/{shop}/admin/oauth/install", grants.install),
    ("GET", "/bulk/{shop}/{name}", bulk_files.result),
    ("POST", "/staged-uploads/", bulk_files.receive),
    ("GET", "/cdn/shopifycloud/{name}", assets.cdn),
    ("GET", "/static/{name}", assets.static),
    ("GET", "/partner/install/{token}", grants.partner_link),
]

ADMIN: list[tuple[str, str, Handler]] = [
    ("GET", "/", places.shops),
    ("GET", "/store/{shop}", places.home),
    ("POST", "/store/{shop}/staff", places.choose_staff),
    ("GET", "/store/{shop}/oauth/install", grants.install),
    ("POST", "/store/{shop}/oauth/install", grants.install_granted),
    ("GET", "/store/{shop}/bridge/id-token", frame.id_token),
    ("GET", "/store/{shop}/bridge/user", frame.user),
    ("GET", "/store/{shop}/bridge/products", frame.products),
    ("GET", "/store/{shop}/bridge/scopes", frame.scopes),
    ("POST", "/store/{shop}/bridge/scopes", frame.scopes),
    ("POST", "/store/{shop}/bridge/scopes/wanted", frame.scopes_wanted),
    ("GET", "/store/{shop}/apps", places.apps),
    ("POST", "/store/{shop}/apps/install", places.install),
    ("POST", "/store/{shop}/apps/uninstall", places.uninstall),
    ("GET", "/store/{shop}/apps/{client_id}", frame.app),
    ("GET", "/store/{shop}/apps/{client_id}/{path:path}", frame.app),
    ("GET", "/store/{shop}/orders", orders.list_page),
    ("GET", "/store/{shop}/orders/new", orders.new),
    ("POST", "/store/{shop}/orders", orders.create),
    ("GET", "/store/{shop}/orders/{id:int}", orders.order),
    ("POST", "/store/{shop}/orders/{id:int}/{act}", order_acts.act),
    ("GET", "/store/{shop}/products", goods.products),
    ("GET", "/store/{shop}/products/{id:int}", goods.product),
    ("POST", "/store/{shop}/products/{id:int}", goods.change_product),
    ("POST", "/store/{shop}/stock", goods.set_stock),
    ("GET", "/store/{shop}/customers", people.customers),
    ("GET", "/store/{shop}/customers/{id:int}", people.customer),
    ("POST", "/store/{shop}/customers/{id:int}/{act}", people.act),
    ("GET", "/store/{shop}/deliveries", log.deliveries),
    ("GET", "/store/{shop}/deliveries/{id:int}", log.delivery),
    ("POST", "/store/{shop}/deliveries/{id:int}/redeliver", log.redeliver),
    ("GET", "/store/{shop}/{rest:path}", frame.elsewhere),
]

TABLE = [*CONTROL, *SHOP, *ADMIN]
