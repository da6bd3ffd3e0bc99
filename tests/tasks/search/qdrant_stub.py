"""A small HTTP server that answers as a Qdrant server does and records what it was asked.

Each call is handed to the local mode of qdrant-client, in memory; what is tested is that our calls are the ones that
the REST interface of Qdrant knows.
"""

from __future__ import annotations

import json
import re
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from qdrant_client import QdrantClient, models


class QdrantStub:
    """The server; ``calls`` are the methods, paths and bodies that it got."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.local = QdrantClient(":memory:")
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                path = self.path.partition("?")[0]
                stub.calls.append((self.command, path, body))
                result = stub.answer(self.command, path, body)
                data = json.dumps({"result": result, "status": "ok", "time": 0.0}).encode()
                self.send_response(200 if result is not None else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PUT = do_POST = do_DELETE = _answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method: str, path: str, body: Any) -> Any:
        """The result of a call, None where there is no such call."""
        found = re.fullmatch(r"/collections/([^/]+)(/.*)?", path)
        if found is None:
            return None
        name, rest, local = found[1], found[2] or "", self.local
        done = {"operation_id": 1, "status": "completed"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            match method, rest:
                case "GET", "/exists":
                    return {"exists": local.collection_exists(name)}
                case "PUT", "":
                    config = models.CreateCollection(**body)
                    return local.create_collection(name, vectors_config=config.vectors)
                case "DELETE", "":
                    return local.delete_collection(name)
                case "GET", "":
                    return _plain(local.get_collection(name))
                case "PUT", "/index":
                    return done
                case "PUT", "/points":
                    local.upsert(name, [models.PointStruct(**point) for point in body["points"]])
                    return done
                case "POST", "/points/delete":
                    local.delete(name, models.PointIdsList(**body))
                    return done
                case "POST", "/points/count":
                    return _plain(local.count(name, models.Filter(**body["filter"]) if body.get("filter") else None))
                case "POST", "/points/scroll":
                    points, offset = local.scroll(name, limit=body["limit"], offset=body.get("offset"))
                    return {"points": [_plain(point) for point in points], "next_page_offset": offset}
                case "POST", "/points":
                    return [_plain(point) for point in local.retrieve(name, body["ids"], with_vectors=True)]
                case "POST", "/points/query":
                    request = models.QueryRequest(**body)
                    points = local.query_points(
                        name, request.query, limit=request.limit or 10, query_filter=request.filter, with_vectors=True
                    ).points
                    return {"points": [_plain(point) for point in points]}
        return None


def _plain(model: Any) -> Any:
    return json.loads(model.model_dump_json(exclude_none=True))
