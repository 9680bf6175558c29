"""The first tables: studies, leases, trials, curves, artifacts, events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create every table."""
    _create_studies()
    _create_leases()
    _create_trials()
    _create_epochs()
    _create_artifacts()
    _create_events()


def _create_studies() -> None:
    op.create_table(
        "nas_study",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("requested", sa.String(16), nullable=False),
        sa.Column("seconds", sa.Float(53), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("created_at", _Instant, nullable=False),
        sa.Column("updated_at", _Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_nas_study"),
        sa.UniqueConstraint("name", name="uq_nas_study_name"),
    )


def _create_leases() -> None:
    op.create_table(
        "nas_lease",
        sa.Column("study_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.Float(53), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["nas_study.id"], name="fk_nas_lease_nas_study", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("study_id", name="pk_nas_lease"),
    )


def _create_trials() -> None:
    op.create_table(
        "nas_trial",
        sa.Column("study_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("candidate", sa.Text(), nullable=False),
        sa.Column("results", sa.Text(), nullable=False),
        sa.Column("constraints", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("parameters", sa.BigInteger(), nullable=False),
        sa.Column("flops", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("epochs", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(53), nullable=False),
        sa.Column("cohort_seconds", sa.Float(53), nullable=False),
        sa.Column("reused_from", sa.Integer()),
        sa.Column("checkpoint", sa.Text()),
        sa.Column("engine", sa.String(64), nullable=False),
        sa.Column("sampler_state", sa.Text(), nullable=False),
        sa.Column("started_at", _Instant),
        sa.Column("finished_at", _Instant),
        sa.ForeignKeyConstraint(["study_id"], ["nas_study.id"], name="fk_nas_trial_nas_study", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("study_id", "number", name="pk_nas_trial"),
    )


def _create_epochs() -> None:
    op.create_table(
        "nas_epoch",
        sa.Column("study_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("metrics", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(53), nullable=False),
        _of_trial("nas_epoch"),
        sa.PrimaryKeyConstraint("study_id", "number", "epoch", name="pk_nas_epoch"),
        sqlite_with_rowid=False,
    )


def _create_artifacts() -> None:
    op.create_table(
        "nas_artifact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("metrics", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        _of_trial("nas_artifact"),
        sa.PrimaryKeyConstraint("id", name="pk_nas_artifact"),
        sa.UniqueConstraint("study_id", "kind", "path", name="uq_nas_artifact_study_id_kind_path"),
    )


def _create_events() -> None:
    op.create_table(
        "nas_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("at", _Instant, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["nas_study.id"], name="fk_nas_event_nas_study", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_nas_event"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_nas_event_study_id", "nas_event", ["study_id"])


def _of_trial(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["study_id", "number"],
        ["nas_trial.study_id", "nas_trial.number"],
        name=f"fk_{table}_nas_trial",
        ondelete="CASCADE",
    )
