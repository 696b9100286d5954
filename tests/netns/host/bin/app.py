#!/usr/bin/env python3
"""app.py PORT PIDFILE REDIS POSTGRESQL: an application that is healthy while both that it needs answer."""

import os
import signal
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer

PORT, PIDFILE, REDIS, POSTGRESQL = sys.argv[1:]


def redis_answers() -> bool:
    try:
        with socket.create_connection((REDIS, 6379), 2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def postgresql_answers() -> bool:
    where = f"host={POSTGRESQL} user=postgres dbname=postgres connect_timeout=2"
    asked = subprocess.run(["psql", where, "-tAc", "select 1"], check=False, capture_output=True)
    return asked.stdout.strip() == b"1"


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = {"redis": redis_answers(), "postgresql": postgresql_answers()}
        body = f"{found}\n".encode()
        self.send_response(200 if all(found.values()) else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing to say."""


def stop(*_: object) -> None:
    Path(PIDFILE).unlink(missing_ok=True)
    os._exit(0)


signal.signal(signal.SIGTERM, stop)
ThreadingTCPServer.allow_reuse_address = True  # and not an HTTPServer, which asks the DNS for its own name
server = ThreadingTCPServer(("0.0.0.0", int(PORT)), Health)
Path(PIDFILE).write_text(str(os.getpid()))
server.serve_forever()
