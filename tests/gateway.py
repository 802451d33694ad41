"""A gateway as small as can be, for tests of the harness that are not about LiteLLM.

It takes a LiteLLM config, and passes chat requests on to OpenAI-compatible deployments. Flags make
it break: ``--exit``, ``--hang`` (never listens), ``--daemon`` (leaves a child in a session of its
own), ``--ignore-term`` (does not stop when asked), ``--freeze`` (answers nothing any more after
the first chat request).
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import yaml
from aiohttp import web


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    for flag in ("exit", "hang", "daemon", "ignore-term", "freeze"):
        parser.add_argument(f"--{flag}", action="store_true")
    args = parser.parse_args()
    if args.exit:
        sys.stderr.write("cannot read the config: no such key\n")
        sys.exit(3)
    if args.daemon:
        words = [sys.executable, "-c", "import time; time.sleep(600)", "conformance-test-daemon"]
        subprocess.Popen(words, start_new_session=True)
    if args.ignore_term:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if args.hang:
        time.sleep(600)
    config = yaml.safe_load(Path(args.config).read_text())
    models = {entry["model_name"]: entry["litellm_params"] for entry in config["model_list"]}
    app = web.Application(client_max_size=1 << 30)
    app["models"], app["freeze"] = models, args.freeze
    app.router.add_get("/health/liveliness", lambda _: web.json_response("alive"))
    app.router.add_get("/v1/models", list_models)
    app.router.add_post("/v1/chat/completions", chat)
    web.run_app(app, host=args.host, port=args.port, print=None)


async def list_models(request: web.Request) -> web.Response:
    data = [{"id": name, "object": "model"} for name in request.app["models"]]
    return web.json_response({"object": "list", "data": data})


async def chat(request: web.Request) -> web.Response:
    if request.headers.get("Authorization") != f"Bearer {os.environ['LITELLM_MASTER_KEY']}":
        return web.json_response({"error": {"message": "no"}}, status=401)
    body = await request.json()
    deployment = request.app["models"].get(body.get("model"))
    if deployment is None:
        return web.json_response({"error": {"message": "no such model"}}, status=404)
    if request.app["freeze"]:
        time.sleep(600)  # noqa: ASYNC251 - the whole server stands still
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(
            f"{deployment['api_base']}/chat/completions",
            json={**body, "model": deployment["model"].split("/", 1)[1]},
            headers={"Authorization": f"Bearer {deployment['api_key']}"},
        )
    kind = answer.headers.get("content-type", "application/json").split(";")[0]
    return web.Response(status=answer.status_code, body=answer.content, content_type=kind)


if __name__ == "__main__":
    main()
