"""A Hub of one's own machine: the few addresses that an upload asks, spoken by a small server."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "hf_of_the_test"


class HubDouble(ThreadingHTTPServer):
    """Keeps what is committed to its repositories.

    Attributes:
        repositories: id to whether it is private.
        files: id to the bytes of each file.
        refusal: what every request is answered, as a status and a message; None for none.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories: dict[str, bool] = {}
        self.files: dict[str, dict[str, bytes]] = {}
        self.refusal: tuple[int, str] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: HubDouble

    def log_message(self, *_):
        pass

    def answer(self, values, status=200):
        body = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status >= 400:
            self.send_header("X-Error-Message", values["error"])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refused(self) -> bool:
        if self.server.refusal is not None:
            status, message = self.server.refusal
            self.answer({"error": message}, status)
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer({"error": "Invalid credentials"}, 401)
        else:
            return False
        return True

    def do_GET(self):
        if self.refused():
            return
        repo = self.path.removeprefix("/api/models/").split("?")[0].split("/revision/")[0]
        if repo not in self.server.repositories:
            self.answer({"error": "Repository not found"}, 404)
            return
        self.answer(
            {"id": repo, "private": self.server.repositories[repo], "sha": "0" * 40, "siblings": []}
        )

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.refused():
            return
        path = self.path.split("?")[0]
        if path == "/api/repos/create":
            self.create(json.loads(body))
        elif path == "/api/validate-yaml":
            self.answer({"errors": [], "warnings": []})
        elif path.endswith("/preupload/main"):
            files = [
                {"path": f["path"], "uploadMode": "regular", "shouldIgnore": False}
                for f in json.loads(body)["files"]
            ]
            self.answer({"files": files})
        elif path.endswith("/commit/main"):
            repo = path.removeprefix("/api/models/").removesuffix("/commit/main")
            self.commit(repo, [json.loads(line) for line in body.splitlines()])
        else:
            self.answer({"error": f"no such address: {path}"}, 404)

    def create(self, asked):
        repo = f"{asked['organization']}/{asked['name']}"
        if repo in self.server.repositories:
            self.answer({"error": "exists", "url": f"{self.server.address}/{repo}"}, 409)
            return
        private = asked.get("private") or asked.get("visibility") == "private"
        self.server.repositories[repo] = bool(private)
        self.answer({"url": f"{self.server.address}/{repo}", "name": repo})

    def commit(self, repo, lines):
        for line in lines:
            if line["key"] == "file":
                content = base64.b64decode(line["value"]["content"])
                self.server.files.setdefault(repo, {})[line["value"]["path"]] = content
        self.answer(
            {
                "commitUrl": f"{self.server.address}/{repo}/commit/{'0' * 40}",
                "commitOid": "0" * 40,
                "pullRequestUrl": None,
            }
        )
