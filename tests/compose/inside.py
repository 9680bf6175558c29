"""Makes a container's world around itself and becomes its command: told what by one line of JSON on standard input.

It runs as root in new namespaces. Its root is this machine's under a layer that nobody keeps, made read-only at last.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

NEW = Path("/mnt/new")
OWN = ("/run", "/srv", "/tmp")
"""What of this machine no container sees."""


def main() -> None:
    """Build, enter, drop every right, and start."""
    plan = json.loads(sys.stdin.readline())
    subprocess.run(["hostname", plan["hostname"]], check=True)
    _cover()
    for path in OWN:
        _tmpfs(path, "mode=755")
    for path, options in plan["tmpfs"].items():
        _tmpfs(path, f"nosuid,nodev,noexec,{options}")
    _show(map(Path, plan["shown"]), plan["tmpfs"])
    _furnish(plan)
    for target, source, options in plan["binds"]:
        _bind(Path(source), target, options)
    if plan["read_only"]:
        for path in ("/", *(path for path in OWN if path not in plan["tmpfs"])):
            _mount("-o", "remount,bind,ro", _inside(path))
    _become(plan)


def _cover() -> None:
    _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/mnt")
    for name in ("upper", "work", "new"):
        (Path("/mnt") / name).mkdir()
    _mount("-t", "overlay", "-o", "lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work", "overlay", NEW)
    for name in ("dev", "sys"):
        _mount("--rbind", f"/{name}", NEW / name)
    _mount("-t", "proc", "proc", NEW / "proc")


def _show(paths: Any, covered: Any) -> None:
    """Show folders that would be covered or are mounted elsewhere, and let every user look into them."""
    root = Path("/").stat().st_dev
    for path in paths:
        if path.stat().st_dev != root or any(path.is_relative_to(above) for above in (*OWN, *covered)):
            _mount("--rbind", path, _folder(str(path)))
        for folder in (path, *path.parents[:-1]):
            inner = _inside(str(folder))
            inner.chmod(inner.stat().st_mode | 0o555)


def _furnish(plan: dict[str, Any]) -> None:
    """Put in what the image has."""
    _tmpfs("/dev/shm", f"mode=1777,size={plan['shm_size']}")
    for path, owner in plan["folders"].items():
        os.chown(_folder(path), owner, owner)
    for path, target in plan["links"].items():
        _folder(str(Path(path).parent))
        _inside(path).symlink_to(target)
    for path, text in plan["files"].items():
        _folder(str(Path(path).parent))
        _inside(path).unlink(missing_ok=True)
        _inside(path).write_text(text)
        _inside(path).chmod(0o755)


def _bind(source: Path, target: str, options: str) -> None:
    place = _inside(target)
    if source.is_dir():
        _folder(target)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    _mount("--bind", source, place)
    if options:
        _mount("-o", f"remount,bind,{options}", place)


def _become(plan: dict[str, Any]) -> None:
    os.chroot(NEW)
    os.chdir(plan["working_dir"])
    os.execvpe("setpriv", ["setpriv", *plan["privileges"], "--", *plan["command"]], plan["environment"])


def _inside(path: str) -> Path:
    return NEW / os.path.realpath(path).lstrip("/")


def _folder(path: str) -> Path:
    _inside(path).mkdir(parents=True, exist_ok=True)
    return _inside(path)


def _tmpfs(path: str, options: str) -> None:
    _mount("-t", "tmpfs", "-o", options, "tmpfs", _folder(path))


def _mount(*arguments: object) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True)


if __name__ == "__main__":
    main()
