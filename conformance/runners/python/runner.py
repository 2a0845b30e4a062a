"""The runner of the Python client: it makes the calls of a job, and tells what it observed, a line of JSON for each case.

The format is in conformance/README.md.
"""

import asyncio
import json
import sys
import traceback
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import raw
from observe import Samples, failure, result
from stream import Talk

from remotemedia_grpc import TLS, AsyncClient, Client, Limits, RemoteMediaError, Retry

#: What the calls of a step may raise that is an observation.
ERRORS = RemoteMediaError


class CannotRun(Exception):
    """The client lacks what the case needs."""


def connect(settings, kind=Client):
    if "client_version" in settings:
        raise CannotRun("the Python client always says the version of its protocol")
    tls, retry = settings.get("tls"), settings.get("retry")
    return kind(
        settings["address"],
        tls=False if tls is None else TLS(**tls),
        token=settings.get("token"),
        timeout=settings.get("timeout_ms", 60_000) / 1000,
        retry=retry and Retry(retry["attempts"], retry.get("first_ms", 100) / 1000, retry.get("longest_ms", 2000) / 1000),
        check_nodes=False,
    )


def limits(step):
    given = step.get("limits")
    return given and Limits(given.get("memory_bytes", 0), given.get("timeout_ms", 0) / 1000, given.get("samples", 0))


class Runner:
    def __init__(self, job):
        self.control = job["control"]
        self.samples = Samples(Path(job["out"]))

    def observe(self, case):
        try:
            with connect(case["client"]) as client:
                return {"case": case["name"], "steps": [self.step(client, case, step) for step in case["steps"]]}
        except CannotRun as reason:
            return {"case": case["name"], "not_run": str(reason)}
        except Exception:
            return {"case": case["name"], "broken": traceback.format_exc()}

    def step(self, client, case, step):
        ((kind, call),) = step.items()
        if kind == "control":
            return self.post(call["post"])
        if kind == "raw":
            return raw.call(case["client"]["address"], call)
        try:
            return getattr(self, kind)(client, call, case)
        except ERRORS as error:
            return {"error": failure(error)}

    def post(self, path):
        request = urllib.request.Request(self.control + path, data=b"", method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
        return {}

    def run(self, client, call, case):
        if "parallel" in call:
            with ThreadPoolExecutor(call["parallel"]) as pool:
                return {"outcomes": list(pool.map(lambda _: self.once(client, call), range(call["parallel"])))}
        if "cancel_after_ms" in call:
            return asyncio.run(self.cancelled(case["client"], call))
        return self.once(client, call)

    async def cancelled(self, settings, call):
        """Cancel a call as asyncio does, with its task; the blocking client's calls end by their timeout only."""
        async with connect(settings, AsyncClient) as client:
            task = asyncio.create_task(client.run(**self.arguments(call)))
            asyncio.get_running_loop().call_later(call["cancel_after_ms"] / 1000, task.cancel)
            try:
                return {"result": result(await task, self.samples)}
            except asyncio.CancelledError:
                return {"error": {"kind": "canceled", "message": "the task was cancelled"}}

    def once(self, client, call):
        try:
            return {"result": result(self.execute(client, call), self.samples)}
        except ERRORS as error:
            return {"error": failure(error)}

    def arguments(self, call):
        """The arguments of Client.run and AsyncClient.run."""
        return {
            "pipeline": call["manifest"],
            "audio": {node: self.samples.audio(audio) for node, audio in call.get("audio", {}).items()},
            "data": call.get("data"),
            "limits": limits(call),
            "outputs": call.get("outputs", ()),
            "labels": call.get("labels"),
            "timeout": call["timeout_ms"] / 1000 if "timeout_ms" in call else None,
            "request_id": call.get("request_id", ""),
        }

    def execute(self, client, call):
        return client.run(**self.arguments(call))

    def stream(self, client, call, case):
        return Talk(self.samples, call, lambda: self.post(f"/restart?server={case['server']}")).run(client, limits(call))

    def version(self, client, call, case):
        v = client.version()
        return {
            "version": {
                "service": v.service,
                "protocol": v.protocol,
                "protocols": v.protocols,
                "compatible": v.compatible,
                "message": v.message,
                "node_types": v.node_types,
            }
        }

    def health(self, client, call, case):
        return {"health": client.health(call.get("service", ""))}

    def metrics(self, client, call, case):
        m = client.metrics(**call)
        return {
            "metrics": {
                "requests": m.requests,
                "failed": m.failed,
                "executions": m.executions,
                "streams": m.streams,
                "samples": m.samples,
                "execute_count": m.execute_latency.count,
                "node_types": {name: stats.executions for name, stats in m.node_types.items()},
                "open_streams": [stream.session_id for stream in m.open_streams],
                "prometheus": m.prometheus,
            }
        }


def main():
    job = json.loads(Path(sys.argv[-1]).read_text(encoding="utf-8"))
    runner = Runner(job)
    for case in job["cases"]:
        print(json.dumps(runner.observe(case)), flush=True)


if __name__ == "__main__":
    main()
