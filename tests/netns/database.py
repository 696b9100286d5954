"""An empty PostgreSQL cluster, made once for all worlds of a test process, which copy it."""

from pathlib import Path

from tests.netns.namespaces import run
from tests.netns.needs import postgresql

_SETTINGS = "listen_addresses = '*'\nunix_socket_directories = '/srv/pg'\nfsync = off\n"
_WHO = "host all all 10.90.0.0/16 trust\n"


def new_database(folder: Path) -> Path:
    """The cluster in a new folder `folder`/pg, which belongs to postgres."""
    server = postgresql()
    assert server is not None
    folder.chmod(0o755)
    # In a view of its own, because postgres may not enter the temporary folders of root.
    script = (
        'mount --bind "$1" /srv && install -d -o postgres -m 700 /srv/pg && exec runuser -u postgres -- "$2" -D /srv/pg'
    )
    options = "--auth=trust --no-sync --no-instructions --locale=C.UTF-8 --encoding=UTF8"
    run("unshare", "--mount", "/bin/sh", "-c", f"{script} {options}", "sh", str(folder), str(server / "initdb"))
    for name, more in (("postgresql.conf", _SETTINGS), ("pg_hba.conf", _WHO)):
        with (folder / "pg" / name).open("a") as file:
            file.write(more)
    return folder / "pg"
