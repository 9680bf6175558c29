"""Storage: tables, migrations and leases of the database, which is the source of truth."""

from nas.storage.lazy import LazyStorage
from nas.storage.records import Artifact, Lease, Owner, StorageStatus, StudyEvent, StudyRecord, StudyState
from nas.storage.storage import Storage

__all__ = [
    "Artifact",
    "LazyStorage",
    "Lease",
    "Owner",
    "Storage",
    "StorageStatus",
    "StudyEvent",
    "StudyRecord",
    "StudyState",
]
