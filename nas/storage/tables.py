"""Tables of the database, and two column types of ours."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

VERSION_TABLE = "nas_alembic_version"


class Instant(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time; turn any other to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a stored time needs a time zone, got {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time as UTC where the database does not say so."""
        return value if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

study = Table(
    "nas_study",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("config", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("requested", String(16), nullable=False, default=""),
    Column("seconds", Float, nullable=False, default=0.0),
    Column("result", Text, nullable=False, default="{}"),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

lease = Table(
    "nas_lease",
    metadata,
    Column("study_id", ForeignKey("nas_study.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("epoch", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("token", String(32), nullable=False),
    Column("expires_at", Float(53), nullable=False),  # seconds since 1970 by the clock of the database
)

trial = Table(
    "nas_trial",
    metadata,
    Column("study_id", ForeignKey("nas_study.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("params", Text, nullable=False),
    Column("candidate", Text, nullable=False),
    Column("results", Text, nullable=False),
    Column("constraints", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("parameters", BigInteger, nullable=False),
    Column("flops", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("epochs", Integer, nullable=False),
    Column("seconds", Float(53), nullable=False),
    Column("cohort_seconds", Float(53), nullable=False),
    Column("reused_from", Integer),
    Column("checkpoint", Text),
    Column("engine", String(64), nullable=False),
    Column("sampler_state", Text, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
)

epoch = Table(
    "nas_epoch",
    metadata,
    Column("study_id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("metrics", Text, nullable=False),
    Column("seconds", Float(53), nullable=False),
    ForeignKeyConstraint(["study_id", "number"], ["nas_trial.study_id", "nas_trial.number"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)

artifact = Table(
    "nas_artifact",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("study_id", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("path", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("metrics", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    ForeignKeyConstraint(["study_id", "number"], ["nas_trial.study_id", "nas_trial.number"], ondelete="CASCADE"),
    UniqueConstraint("study_id", "kind", "path"),
)

event = Table(
    "nas_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("study_id", ForeignKey("nas_study.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("content", Text, nullable=False),
    sqlite_autoincrement=True,
)
