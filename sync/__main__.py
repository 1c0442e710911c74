"""The operator's verbs: `concord schedule`, `replay`, `resync`, `retry`, `errors`, `doctor`, `explain`, `keys` ...

Each verb prints what it did in plain words; `--dry-run` prints what it would do. Exit status 0 means done.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import datetime

from kit import config, log
from sync import operate, operate_explain, process, schedule
from sync.actors import Engine


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb and returns its exit status."""
    options = _parser().parse_args(arguments)
    if options.verb == "explain":  # works without a database, too
        return operate_explain.run(options)
    settings = config.settings()
    log.install(settings.log_level)
    engine, broker = process.build(settings, application=f"concord-{options.verb}", pool_size=4)
    try:
        status: int = options.run(engine, options)
    finally:
        engine.gateways.door.close()
        engine.gateways.database.close()
        broker.client.close()
    return status


def _schedule(engine: Engine, _options: argparse.Namespace) -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    schedule.run(engine, stop)
    return 0


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("a time needs its zone, e.g. 2026-11-20T00:00:00Z")
    return moment


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="concord", description="Keeps one Shopify shop and one ERP in accord."
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, run: object, about: str) -> argparse.ArgumentParser:
        sub = verbs.add_parser(name, help=about, description=about)
        sub.set_defaults(run=run)
        return sub

    verb("schedule", _schedule, "run the clock process")
    replay = _for_records(verb("replay", operate.replay, "run stored deliveries again"))
    replay.add_argument("--topic", help="only this topic")
    replay.add_argument(
        "--state", choices=["done", "ignored", "failed"], help="only those that ended like this"
    )
    resync = _for_records(verb("resync", operate.resync, "read records anew from Shopify and plan again"))
    retry = _for_records(verb("retry", operate.retry, "try failed or held jobs again"))
    for sub in (resync, retry):
        sub.add_argument("--code", help="only this fault code")
        sub.add_argument("--flow", help="only this flow, e.g. order_push")
    errors = _for_shop(verb("errors", operate.errors, "print a shop's error log"))
    errors.add_argument("--limit", type=int, default=100)
    errors.add_argument("--json", action="store_true", help="one JSON object a line")
    fill = _for_shop(verb("backfill", operate.backfill, "bring in the orders of a time span"))
    fill.add_argument("--since", type=_moment, required=True)
    fill.add_argument("--until", type=_moment)
    _for_shop(verb("reconcile", operate.reconcile, "compare with Shopify now and ask for what is behind"))
    examine = verb("doctor", operate.doctor, "say what is right and wrong with this installation")
    examine.add_argument("--shop", metavar="DOMAIN", help="only this shop")
    examine.add_argument("--json", action="store_true", help="one JSON object a line")
    keys = verb("keys", operate.rotate_keys, "seal every stored secret anew with the first sealing key")
    keys.add_argument("act", choices=["rotate"])
    _for_explaining(_for_shop(verb("explain", None, "say what a saved body would lead to; write nothing")))
    return parser


def _for_shop(verb: argparse.ArgumentParser) -> argparse.ArgumentParser:
    verb.add_argument("--shop", required=True, metavar="DOMAIN")
    return verb


def _for_records(verb: argparse.ArgumentParser) -> argparse.ArgumentParser:
    _for_shop(verb)
    verb.add_argument("--record", metavar="GID", help="only this record")
    verb.add_argument("--since", type=_moment, help="only what came after this time")
    verb.add_argument("--until", type=_moment, help="only what came before this time")
    verb.add_argument("--limit", type=int, default=1000, help="at most so many; it says how many are left")
    verb.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
    return verb


def _for_explaining(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "body", metavar="BODY.json", help="a saved webhook body or GraphQL node; - reads standard input"
    )
    verb.add_argument("--topic", required=True, help="e.g. orders/create")
    verb.add_argument(
        "--nodes", metavar="NODES.json", help="the order and its agreements as GraphQL tells them"
    )
    verb.add_argument("--rules", metavar="RULES.json", help="mapping rules to use instead of the shop's own")
    verb.add_argument("--json", action="store_true", help="for programs")


if __name__ == "__main__":
    sys.exit(main())
