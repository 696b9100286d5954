"""SSH hosts for machines without sshd: `FOLDER PORT ADDRESS...`; answers every command with exit code 0, runs none."""

import asyncio
import sys
from pathlib import Path

import asyncssh


def _answer(process: asyncssh.SSHServerProcess[str]) -> None:
    process.stdout.write_eof()  # asyncssh closes without it, and an answer without its end is none
    process.exit(0)


async def _serve(folder: Path, port: int, addresses: list[str]) -> None:
    servers = [
        await asyncssh.listen(
            address,
            port,
            server_host_keys=[str(folder / "host")],
            authorized_client_keys=str(folder / "login.pub"),
            process_factory=_answer,
        )
        for address in addresses
    ]
    await asyncio.gather(*(server.wait_closed() for server in servers))


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
