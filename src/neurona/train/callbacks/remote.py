"""RemoteMonitor: the logs of each epoch, sent to a server."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request

from neurona.core import origin
from neurona.errors import ArgumentError
from neurona.train.callbacks.callback import Callback, Logs

PATIENCE = 10  # seconds for an answer


class RemoteMonitor(Callback):
    """POST {"epoch": ..., "loss": ..., ...} to `root + path` after each epoch.

    A server that does not answer is a warning: training goes on.

    Args:
        root: the server, "http://..." or "https://...".
        path: the page of it.
        field: the name of the form's field that holds the JSON text.
        headers: HTTP headers, by name.
        send_as_json: send the JSON itself, rather than a form.

    Raises:
        ArgumentError: if root is no address on the web.
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: dict[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        if not str(root).startswith(("http://", "https://")):
            raise ArgumentError(
                "RemoteMonitor sends to a server on the web.",
                got=repr(root),
                expected="http://... or https://...",
            )
        self.root, self.path, self.field = root, path, field
        self.headers, self.send_as_json = dict(headers or {}), bool(send_as_json)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        text = json.dumps({"epoch": epoch, **(logs or {})})
        kind = "application/json" if self.send_as_json else "application/x-www-form-urlencoded"
        body = text if self.send_as_json else urllib.parse.urlencode({self.field: text})
        request = urllib.request.Request(
            self.root + self.path,
            data=body.encode(),
            headers={"Content-Type": kind, **self.headers},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE):
                pass
        except (urllib.error.URLError, OSError) as error:
            origin.warn(f"RemoteMonitor: {self.root} cannot be reached: {error}")
