"""The door to PostgreSQL: engine, naming convention, transactions, and the guard between shops.

A session belongs to one shop. Every ORM statement that touches a shop-owned table gets that shop as a criterion;
a session without a shop is refused there, unless the statement says `all_shops` out loud.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, TypeVar

import psycopg
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    ForeignKey,
    MetaData,
    Table,
    create_engine,
    event,
    func,
    literal,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP, insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    UOWTransaction,
    declared_attr,
    mapped_column,
    sessionmaker,
    with_loader_criteria,
)
from sqlalchemy.orm.context import FromStatement
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql import TableClause, TextClause, visitors
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.selectable import TextualSelect

from kit import clock

PING_AFTER_SECONDS = 1.0
LOCK_TIMEOUT_MS = 5_000
STATEMENT_TIMEOUT_MS = 30_000
# A peer that vanished without a word (a machine that lost its power, a cut cable) is noticed within seconds; without
# this the kernel waits a quarter of an hour, and what was to be committed waits with it.
LINK: Mapping[str, int] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5_000,  # milliseconds
}

Statement = TypeVar("Statement", bound=Executable)


class NoShop(RuntimeError):
    """A statement on a shop-owned table ran without a shop. Always a bug of ours."""


class Base(DeclarativeBase):
    """All tables, with one naming convention so that migrations can name every constraint."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class ShopOwned:
    """Marks a table whose rows belong to one shop."""

    @declared_attr
    def shop_id(cls) -> Mapped[int]:
        """The shop that owns the row."""
        return mapped_column(BigInteger, ForeignKey("shop.id"), index=False, nullable=False)


def all_shops(statement: Statement) -> Statement:
    """Says out loud that a statement crosses shops."""
    return statement.execution_options(all_shops=True)


def shared_now() -> ColumnElement[datetime]:
    """The time that all machines agree on: PostgreSQL's. What one process writes for another one to compare (a lease,
    a measured level) goes by it, since the clocks of two machines differ. A clock that was set goes before it."""
    return literal(clock.now(), TIMESTAMP(timezone=True)) if clock.is_set() else func.statement_timestamp()


class Database:
    """An engine and its transactions. One per process."""

    def __init__(self, bind: Engine | Connection) -> None:
        self._bind = bind
        self._sessions = sessionmaker(
            bind,
            class_=Session,
            expire_on_commit=False,
            # What a statement changed is not looked for among the rows in memory: whoever needs them reads them again.
            execution_options={"synchronize_session": False},
            # A test hands in one connection with an open transaction: our commits are then savepoints.
            join_transaction_mode="create_savepoint",
        )
        event.listen(self._sessions, "do_orm_execute", _guard)
        event.listen(self._sessions, "before_flush", _guard_flush)

    @property
    def engine(self) -> Engine:
        """The engine beneath."""
        return self._bind if isinstance(self._bind, Engine) else self._bind.engine

    @contextmanager
    def transaction(self, *, shop_id: int | None = None) -> Iterator[Session]:
        """One transaction for one shop (or none): commits at the end, rolls back when anything is raised."""
        with self._sessions(info={"shop_id": shop_id}) as session, session.begin():
            yield session

    def close(self) -> None:
        """Closes all idle connections."""
        self.engine.dispose()


def connect(url: str, *, pool_size: int, application: str) -> Database:
    """A database with as many connections as the process has threads, explicit time-outs and UTC."""
    options = f"-c timezone=UTC -c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout={STATEMENT_TIMEOUT_MS}"
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=2,
        pool_timeout=10,
        hide_parameters=True,  # an error must not repeat what people wrote
        connect_args={
            **LINK,
            "application_name": application,
            "options": options,
        },
    )
    event.listen(engine, "checkin", _note_idle_since)
    event.listen(engine, "checkout", partial(_ping_if_idle, engine.dialect))
    return Database(engine)


def _note_idle_since(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["idle_since"] = clock.monotonic()


def _ping_if_idle(dialect: Dialect, connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """A connection that lay idle may have died; it is asked first, and its transaction gets another one. One that was
    just used is not: under load the question would cost a trip for each transaction."""
    idle_since = record.info.get("idle_since")
    if idle_since is not None and clock.monotonic() - idle_since > PING_AFTER_SECONDS:
        try:
            dialect.do_ping(connection)
        except psycopg.OperationalError as gone:
            raise DisconnectionError from gone


def _guard(state: ORMExecuteState) -> None:
    options = state.execution_options
    if options.get("all_shops") or state.is_column_load or state.is_relationship_load:
        return
    if _is_raw(state.statement):
        raise NoShop("raw SQL cannot be scoped by shop; it must say `all_shops`")
    shop_id = state.session.info.get("shop_id")
    if shop_id is None:
        if touched := shop_owned_tables(state.statement):
            raise NoShop(f"a statement on {', '.join(sorted(touched))} ran without a shop")
        return
    if not state.is_orm_statement and (bare := _bare_tables(state.statement)):
        raise NoShop(f"a statement on the bare table {', '.join(sorted(bare))} cannot be scoped by shop")
    if state.is_insert:
        _guard_insert(state, shop_id)
    if state.is_update:
        _guard_update(state, shop_id)
    if state.is_select or state.is_update or state.is_delete:
        state.statement = state.statement.options(
            with_loader_criteria(ShopOwned, lambda cls: cls.shop_id == shop_id, include_aliases=True)
        )


def _is_raw(statement: Any) -> bool:
    """Whether a statement is a text, or reads from one: nobody can tell what it touches."""
    return isinstance(statement, TextClause | TextualSelect | FromStatement) or any(
        isinstance(each, TextClause) for each in getattr(statement, "_from_obj", ())
    )


def _bare_tables(statement: Any) -> set[str]:
    """Names of the shop-owned tables that a statement names without their class, so that no criterion is added."""
    owned = _owned_names()
    found: dict[str, bool] = {}
    for part in visitors.iterate(statement):
        table = part.table if isinstance(part, Column) else part
        if isinstance(table, TableClause) and not isinstance(table, Table) and table.name in owned:
            return {table.name}  # `table("job")` has no class at all
        if isinstance(table, Table) and table.name in owned:
            is_mapped = "parententity" in part._annotations
            if isinstance(part, Column) and not is_mapped:
                return {table.name}
            found[table.name] = found.get(table.name, False) or is_mapped
    return {name for name, is_mapped in found.items() if not is_mapped}


def _guard_insert(state: ORMExecuteState, shop_id: int) -> None:
    statement: Any = state.statement
    if shop_owned_tables(statement.table):
        if statement.select is not None:
            raise NoShop("rows that are inserted from a select cannot be looked at; it must say `all_shops`")
        many: Any = [values for group in statement._multi_values or () for values in group]
        given = state.parameters or {}
        many += [statement._values or {}, *(given if isinstance(given, list | tuple) else [given])]
        for values in many:
            for column, value in values.items():
                other = getattr(value, "value", value)
                if getattr(column, "key", column) == "shop_id" and other != shop_id:
                    raise NoShop(f"a row of shop {other} is inserted in a session of shop {shop_id}")


def _guard_update(state: ORMExecuteState, shop_id: int) -> None:
    statement: Any = state.statement
    for column, value in dict(statement._values or {}).items():
        if getattr(column, "key", column) == "shop_id" and getattr(value, "value", value) != shop_id:
            raise NoShop(f"a row of shop {shop_id} is given to another shop")


def _guard_flush(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    shop_id = session.info.get("shop_id")
    for row in [*session.new, *session.dirty, *session.deleted]:
        if isinstance(row, ShopOwned) and row.shop_id != shop_id:
            raise NoShop(
                f"a row of {type(row).__name__} of shop {row.shop_id} in a session of shop {shop_id}"
            )


def shop_owned_tables(statement: Any) -> set[str]:
    """Names of the shop-owned tables that a statement touches anywhere in it."""
    owned = _owned_names()
    return {
        part.name
        for part in visitors.iterate(statement)
        if isinstance(part, TableClause) and part.name in owned
    }


def _owned_names() -> frozenset[str]:
    return _owned_among(frozenset(Base.registry.mappers))


@lru_cache(maxsize=4)  # mappers come with their modules, at the start
def _owned_among(mappers: frozenset[Any]) -> frozenset[str]:
    return frozenset(
        mapper.local_table.name
        for mapper in mappers
        if issubclass(mapper.class_, ShopOwned) and isinstance(mapper.local_table, Table)
    )


__all__ = [
    "Base",
    "Database",
    "NoShop",
    "ShopOwned",
    "all_shops",
    "connect",
    "insert",
    "shared_now",
    "shop_owned_tables",
]
