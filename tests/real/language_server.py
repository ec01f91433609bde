"""The YAML language server that editors run, spoken to over its standard input and output."""

import json
import os
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

HOME = Path(os.environ.get("BUZZWATCH_NODE_MODULES", Path(sys.prefix) / "editor"))
"""Where `make` installs it."""
SERVER = HOME / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
SETTINGS = {
    "yaml": {
        "validate": True,
        "completion": True,
        "hover": True,
        "schemaStore": {"enable": False},
        "kubernetesCRDStore": {"enable": False},
        "customTags": [],
    },
    "http": {},
    "[yaml]": {"editor.tabSize": 2},
    "editor": {"detectIndentation": False},
    "files": {},
}
"""As an editor has them, but for the stores of schemas, which are asked over the network."""


class LanguageServer:
    """One server."""

    def __init__(self) -> None:
        assert SERVER.exists(), "`make test` installs the language server beside Python's packages"
        self._process = subprocess.Popen(
            ["node", SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        self._ids = count(1)
        self._files = count(1)
        self._settings: dict[str, Any] = {}
        self._faults: dict[str, list[dict[str, Any]]] = {}
        workspace = {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}}
        document = {
            "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
            "hover": {"contentFormat": ["markdown"]},
        }
        capabilities = {"workspace": workspace, "textDocument": document}
        self.ask("initialize", processId=os.getpid(), rootUri=None, capabilities=capabilities)
        self.tell("initialized")
        self.configure(SETTINGS)

    def close(self) -> None:
        """End it."""
        self.ask("shutdown")
        self.tell("exit")
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def configure(self, settings: dict[str, Any]) -> None:
        """Other settings."""
        self._settings = settings
        self.tell("workspace/didChangeConfiguration", settings=settings)

    def show(self, folder: Path, text: str) -> str:
        """Open a new file in a folder, which need not be on the disk; its URI."""
        uri = (folder / f"{next(self._files)}.yaml").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", textDocument=document)
        return uri

    def diagnose(self, folder: Path, *texts: str) -> list[list[str]]:
        """What the editor underlines in each text: `line:column: message`, counted from 1."""
        shown = [
            self.show(folder, text) for text in texts
        ]  # all at once: it looks at a file a moment after the last key
        while not self._faults.keys() >= set(shown):
            self._hear()
        found = [[_told(each) for each in self._faults[uri]] for uri in shown]
        for uri in shown:
            self._hide(uri)
        return found

    def complete(self, folder: Path, text: str) -> dict[str, dict[str, Any]]:
        """What the editor offers at the `|` in the text, by label."""
        found = self._ask_at_bar("textDocument/completion", folder, text)
        return {item["label"]: item for item in found["items"]}

    def hover(self, folder: Path, text: str) -> str:
        """What the editor explains at the `|` in the text."""
        found = self._ask_at_bar("textDocument/hover", folder, text)
        return found["contents"]["value"] if found else ""

    def _ask_at_bar(self, method: str, folder: Path, text: str) -> Any:
        before, bar, after = text.partition("|")
        assert bar
        lines = before.split("\n")
        place = {"line": len(lines) - 1, "character": len(lines[-1])}
        uri = self.show(folder, before + after)
        found = self.ask(method, textDocument={"uri": uri}, position=place)
        self._hide(uri)
        return found

    def _hide(self, uri: str) -> None:
        self.tell("textDocument/didClose", textDocument={"uri": uri})

    def ask(self, method: str, **params: object) -> Any:
        """Send a request and wait for its answer."""
        number = next(self._ids)
        self._send({"id": number, "method": method, "params": params})
        while (answer := self._hear()).get("id") != number or "method" in answer:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def tell(self, method: str, **params: object) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def _hear(self) -> dict[str, Any]:
        """The next message; what the server asks of an editor is answered, diagnostics are kept."""
        length = 0
        while (line := self._line()) != "":
            name, _, value = line.partition(": ")
            length = int(value) if name.lower() == "content-length" else length
        body = b""
        while len(body) < length:
            body += self._process.stdout.read(length - len(body))
        message = json.loads(body)
        if message.get("method") == "textDocument/publishDiagnostics":
            self._faults[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif message.get("method") == "workspace/configuration":
            asked = [item.get("section", "") for item in message["params"]["items"]]
            self._send({"id": message["id"], "result": [self._settings.get(section) for section in asked]})
        elif "method" in message and "id" in message:
            self._send({"id": message["id"], "result": None})
        return message

    def _line(self) -> str:
        line = b""
        while not line.endswith(b"\r\n"):
            character = self._process.stdout.read(1)
            assert character, "the language server ended"
            line += character
        return line[:-2].decode()


def _told(fault: dict[str, Any]) -> str:
    start = fault["range"]["start"]
    return f"{start['line'] + 1}:{start['character'] + 1}: {fault['message']}"
