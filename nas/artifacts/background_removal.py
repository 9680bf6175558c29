"""Background removal: delete local files at once, and remote ones in a thread beside the search."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from workers import file_store


class BackgroundRemoval:
    """Deletes files without waiting for remote servers; what is left is deleted at a resume."""

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None

    def remove(self, places: Collection[str]) -> None:
        """Delete files; remote ones in a thread."""
        file_store.remove([place for place in places if not file_store.is_remote(place)])
        if far := [place for place in places if file_store.is_remote(place)]:
            self._thread = self._thread or ThreadPoolExecutor(1, "removal")
            self._thread.submit(file_store.remove, far)
