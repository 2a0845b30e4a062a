"""What bad input, a bad service and bad luck give: a typed exception with a sentence that says what to do."""

import asyncio
import pickle
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest

from gate import EXECUTE, STREAM, VERSION, Refusal
from remotemedia_grpc import (
    AsyncClient,
    AuthenticationError,
    CallCancelledError,
    Client,
    ClosedError,
    DeadlineExceededError,
    InternalError,
    Limits,
    Manifest,
    Node,
    NodeExecutionError,
    Pipeline,
    RateLimitedError,
    RemoteMediaError,
    ResourceLimitError,
    Retry,
    UnavailableError,
    ValidationError,
    VersionMismatchError,
    _failure,
)
from remotemedia_grpc._clock import Clock
from remotemedia_grpc._pb import common_pb2, execution_pb2
from remotemedia_grpc.nodes import VAD, PassThrough, Resample
from server import Server

ONCE = Retry(attempts=1)
NOBODY = "127.0.0.1:1"


@pytest.fixture
def unreachable():
    """Nothing may be sent in these tests: a call would be an UnavailableError."""
    with Client(NOBODY, retry=ONCE) as client:
        yield client


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros(10), "float64: convert them with samples.astype(np.float32)"),
        (np.zeros(10, np.uint8), "uint8: give float32"),
        (np.zeros(10, np.int64), "int64: give float32"),
        (np.zeros(10, complex), "complex128"),
        (np.zeros((2, 3, 4), np.float32), "(frames,) for mono audio or (channels, frames)"),
        (np.array(1, np.float32), "(frames,) for mono audio"),
        (np.zeros(0, np.float32), "empty"),
        (np.zeros((2, 0), np.int16), "empty"),
        (np.zeros((48000, 2), np.float32), "give samples.T"),
        (np.array([0, np.nan, np.nan], np.float32), "2 samples aren't finite, the first is NaN at frame 1"),
        (np.array([[0, 0], [0, -np.inf]], np.float32), "the first is infinite at frame 1"),
        ([0.0, 0.1], "can't be made of list"),
        (b"no wave", "Audio.from_bytes"),
        ("missing.wav", "can't be read"),
    ],
)
def test_wrong_audio(unreachable, samples, words):
    with pytest.raises(ValidationError) as caught:
        unreachable.run(PassThrough(), samples, rate=16000)
    assert words in str(caught.value)
    assert caught.value.code == "bad_audio"
    assert caught.value.status == ""


@pytest.mark.parametrize("rate", [0, -1, 768001, 16000.5, True, None])
def test_wrong_rates(unreachable, rate):
    with pytest.raises(ValidationError, match="rate"):
        unreachable.run(PassThrough(), np.zeros(10, np.float32), rate=rate)


@pytest.mark.parametrize(
    ("pipeline", "code", "words"),
    [
        (Node("AudioResampel"), "unknown_node_type", "did you mean AudioResample?"),
        (Node("VAD", {"treshold": 1}), "unknown_parameter", "did you mean threshold?"),
        (Node("PassThrough", {"x": 1}), "unknown_parameter", "it takes none"),
        (Pipeline("empty"), "manifest_empty", "no nodes"),
        ({"nodes": [{"id": "a", "type": "VAD"}]}, "missing_field", "version"),
        ({"version": "v1", "nodes": [{"type": "VAD"}]}, "missing_field", "nodes[0] has no id"),
        ({"version": "v1", "nodes": [{"id": "a", "type": "VAD", "tpye": 1}]}, "unknown_field", "did you mean type?"),
        ({"version": "v1", "nodes": [{"id": "a", "type": "VAD", "node_type": "VAD"}]}, "duplicate_field", "twice"),
        ({"version": "v1", "nodes": [{"id": "a", "type": "VAD"}] * 2}, "duplicate_node_id", "'a'"),
        ({"version": "v1", "nodes": [{"id": "a", "type": "VAD", "is_streaming": "yes"}]}, "wrong_type", "nodes[0]"),
        (
            {"version": "v1", "nodes": [{"id": "a", "type": "VAD"}], "connections": [{"from": "a", "to": "b"}]},
            "unknown_endpoint",
            "the nodes are a",
        ),
        (Node("VAD", {"threshold": float("nan")}), "data_input_syntax", "JSON"),
        ("nowhere.yaml", "syntax", "can't be read"),
        (7, "manifest_missing", "int"),
    ],
)
def test_wrong_pipelines_before_any_call(unreachable, pipeline, code, words):
    with pytest.raises(ValidationError) as caught:
        unreachable.run(pipeline, np.zeros(10, np.float32), rate=16000)
    assert caught.value.code == code
    assert words in str(caught.value)
    with pytest.raises(ValidationError):
        unreachable.stream(pipeline)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        *(({"timeout": seconds}, "timeout is") for seconds in (0, -1, float("nan"), "5", True)),
        *(({"limits": Limits(seconds=seconds)}, "Limits") for seconds in (-1, float("nan"), float("inf"))),
        ({"limits": Limits(samples=-1)}, "Limits"),
        ({"labels": {"take": 1}}, "'take' is 1"),
        ({"data": {"pass_through": "\ud800"}}, "JSON"),
        *(({"request_id": text}, "request id") for text in ("a\nb", "größe")),
    ],
)
def test_wrong_options_before_any_call(address, options, words):
    with Client(address) as client, pytest.raises(ValidationError, match=words) as caught:
        client.run(PassThrough(), np.zeros(10, np.float32), rate=16000, **options)
    assert caught.value.status == ""


@pytest.mark.parametrize("token", ["abc\n", "schlüssel", lambda: None])
def test_tokens_that_no_header_holds(address, token):
    with Client(address, token=token) as client, pytest.raises(AuthenticationError, match=r"token\.strip") as caught:
        client.version()
    assert caught.value.code == "token_malformed"


def test_sources_that_give_no_chunks(unreachable):
    async def source():
        yield np.zeros(10, np.float32)

    with pytest.raises(ValidationError, match="a int"):
        unreachable.stream(PassThrough(), 5)
    with pytest.raises(ValidationError, match="AsyncClient"):
        unreachable.stream(PassThrough(), source())


def test_a_builder_knows_its_parameters():
    with pytest.raises(TypeError, match="treshold"):
        VAD(treshold=1)


def test_inputs_for_nodes_that_are_not_there(unreachable):
    samples = np.zeros(10, np.float32)
    with pytest.raises(ValidationError, match="no node 'x' in the pipeline: its nodes are pass_through"):
        unreachable.run(PassThrough(), {"x": samples}, rate=8000)
    with pytest.raises(ValidationError, match="no node 'x'"):
        unreachable.run(PassThrough(), data={"x": 1})
    with pytest.raises(ValidationError, match="no node 'x'"):
        unreachable.run(PassThrough(), samples, rate=8000, outputs=["x"])
    two = {"version": "v1", "nodes": [{"id": i, "type": "VAD"} for i in "ab"]}
    with pytest.raises(ValidationError, match="2 nodes are at the start: name the one"):
        unreachable.run(two, samples, rate=8000)


def test_errors_of_the_service(client, tone):
    with pytest.raises(ValidationError) as caught:
        client.run(Pipeline() | Resample(7) | Resample(8), tone, rate=48000)
    error = caught.value
    assert (error.code, error.node_id, error.status) == ("bad_parameter", "resample", "")
    assert len(error.problems) == 2
    assert error.context["problems"]
    assert error.request_id

    with pytest.raises(NodeExecutionError, match="broken") as caught:
        client.run(Node("ErrorNode", {"message": "broken"}, id="bad"), tone, rate=48000, request_id="mine-1")
    assert caught.value.node_id == "bad"
    assert caught.value.context["node_type"] == "ErrorNode"
    assert caught.value.request_id == "mine-1"

    with pytest.raises(InternalError):
        client.run(Node("PanicNode"), tone, rate=48000)

    with pytest.raises(ResourceLimitError) as caught:
        client.run(Node("SleepNode", {"ms": 2000}), tone, rate=48000, limits=Limits(seconds=0.02))
    assert caught.value.context["limit"] == "max_timeout_ms"
    with pytest.raises(ResourceLimitError) as caught:
        client.run(PassThrough(), tone, rate=48000, limits=Limits(samples=100))
    assert caught.value.context["allowed"] == 100


def test_a_manifest_of_another_version(client, tone):
    document = {"version": "v9", "nodes": [{"id": "a", "type": "PassThrough"}]}
    with pytest.raises(VersionMismatchError, match="v9"):
        client.run(document, tone, rate=48000)


def test_deadline(client, tone):
    # The client's clock, or the service's, whichever is first.
    with pytest.raises(DeadlineExceededError, match=r"give a longer timeout|deadline passed") as caught:
        client.run(Node("SleepNode", {"ms": 3000}), tone, rate=48000, timeout=0.1)
    assert isinstance(caught.value, TimeoutError)


def test_the_services_clock_may_be_first(gate, tone):
    """At its own deadline a service resets the call, which looks like a cancel."""
    reset = (grpc.StatusCode.CANCELLED, "received RST_STREAM", {}, "here", "id")
    assert isinstance(_failure.from_status(*reset, time_is_up=True), DeadlineExceededError)
    assert isinstance(_failure.from_status(*reset, time_is_up=False), CallCancelledError)
    door = gate(refuse(9, code=grpc.StatusCode.CANCELLED))
    with Client(door.address) as client, pytest.raises(CallCancelledError):
        client.run(PassThrough(), tone, rate=48000, timeout=30)


def test_clocks():
    assert not Clock(None).is_up()
    assert not Clock(30).is_up()
    assert Clock(0).is_up()
    assert Clock(-1).left() < 0


def test_nobody_there(unreachable):
    with pytest.raises(UnavailableError, match=r"no service answers at 127\.0\.0\.1:1.*is it running there") as caught:
        unreachable.version()
    assert caught.value.code == "unreachable"
    assert isinstance(caught.value, ConnectionError)
    with pytest.raises(UnavailableError), unreachable.stream(PassThrough()):
        pass


def test_a_closed_client(address):
    client = Client(address)
    client.close()
    client.close()
    with pytest.raises(ClosedError, match="make another one"):
        client.version()


def test_tokens(guarded, tone):
    address, tokens = guarded
    with Client(address, token=tokens["full"]) as client:
        assert client.run(PassThrough(), tone, rate=48000).status == "success"
        assert len(list(client.stream(PassThrough(), [tone], rate=48000))) == 3
    for token, code, words in ((None, "token_missing", "authorization"), (lambda: "wrong", "token_unknown", "isn't known")):
        with Client(address, token=token) as client:
            for call in (lambda c=client: c.run(PassThrough(), tone, rate=48000), lambda c=client: list(c.stream(PassThrough()))):
                with pytest.raises(AuthenticationError, match=words) as caught:
                    call()
                assert (caught.value.code, caught.value.status) == (code, "UNAUTHENTICATED")
    with Client(address, token=tokens["narrow"]) as client:
        assert client.run(PassThrough(), tone, rate=48000).status == "success"
        with pytest.raises(AuthenticationError, match="stream") as caught:
            list(client.stream(PassThrough()))
        assert (caught.value.code, caught.value.status) == ("token_scope", "PERMISSION_DENIED")


def test_statuses_without_details(gate, tone):
    codes = iter([grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.RESOURCE_EXHAUSTED])

    def rule(method, headers):
        if method == EXECUTE:
            raise Refusal(next(codes), "no")

    with Client(gate(rule).address) as client:
        for kind, words in ((AuthenticationError, "token="), (AuthenticationError, "scope"), (ResourceLimitError, "larger")):
            with pytest.raises(kind, match=words):
                client.run(PassThrough(), tone, rate=48000)


def version_rule(**fields):
    compatible = fields.pop("compatible", True)
    info = common_pb2.VersionInfo(**fields)
    answer = execution_pb2.VersionResponse(version_info=info, compatible=compatible, compatibility_message="speaks v2 only")
    return lambda method, headers: answer.SerializeToString() if method == VERSION else None


def test_services_of_other_releases(gate, tone):
    cases = [
        (version_rule(runtime_version="0.1.9", supported_protocols=["v1"]), "too old for this client: update it to 0.2"),
        (version_rule(runtime_version="3.0.0", supported_protocols=["v2"]), "doesn't speak v1"),
        (version_rule(runtime_version="3.0.0", compatible=False), "speaks v2 only"),
    ]
    for rule, words in cases:
        door = gate(rule)
        with Client(door.address) as client, pytest.raises(VersionMismatchError, match=words):
            client.run(PassThrough(), tone, rate=48000)
        assert door.count(EXECUTE) == 0
        with Client(door.address, check_version=False) as client:
            assert client.run(PassThrough(), tone, rate=48000).status == "success"
    with Client(gate(version_rule(runtime_version="0.2.1", supported_protocols=["v1"])).address) as client:
        assert client.run(PassThrough(), tone, rate=48000).status == "success"


def test_the_version_is_asked_once(gate, tone):
    door = gate(lambda method, headers: None)
    with Client(door.address) as client, ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(lambda _: client.run(PassThrough(), tone, rate=48000), range(8)))) == 8

    async def main():
        async with AsyncClient(door.address) as client:
            await asyncio.gather(*(client.run(PassThrough(), tone, rate=48000) for _ in range(8)))

    asyncio.run(main())
    assert door.count(VERSION) == 2
    assert door.count(EXECUTE) == 16


def test_a_service_that_does_not_know_the_call(gate, tone):
    def rule(method, headers):
        raise Refusal(grpc.StatusCode.UNIMPLEMENTED, "unknown method")

    with Client(gate(rule).address) as client, pytest.raises(VersionMismatchError, match="too old"):
        client.run(PassThrough(), tone, rate=48000)


@pytest.mark.parametrize(
    "answer", [b"\xff\xff\xff", b"\x0a\x7f", b"\x0a\x04\x0a\x02\x12\x09", b"\x0a\x08\x0a\x06\x12\x04\x0a\x02ab"]
)
def test_answers_that_are_not_of_the_contract(gate, tone, answer):
    door = gate(lambda method, headers: answer if method == EXECUTE else None)
    with Client(door.address) as client, pytest.raises(InternalError, match="can't be read"):
        client.run(PassThrough(), tone, rate=48000)


def refuse(times, *, method=EXECUTE, pushback=None, code=grpc.StatusCode.UNAVAILABLE, error=None):
    left = [times]

    def rule(called, headers):
        if called == method and left[0] > 0:
            left[0] -= 1
            raise Refusal(code, "busy", error=error, trailers=[("grpc-retry-pushback-ms", pushback)] if pushback else [])

    return rule


def test_what_is_safe_is_repeated(gate, quick, tone):
    door = gate(refuse(2))
    with Client(door.address, retry=quick) as client:
        assert client.run(PassThrough(), tone, rate=48000).status == "success"
    assert door.count() == 3
    ids = {headers["x-request-id"] for method, headers in door.calls if method == EXECUTE}
    assert len(ids) == 1, "one call is one request in the service's log, however often it was tried"


def test_attempts_end(gate, quick, tone):
    door = gate(refuse(100))
    with Client(door.address, retry=quick) as client, pytest.raises(UnavailableError):
        client.run(PassThrough(), tone, rate=48000)
    assert door.count() == quick.attempts


def test_a_service_may_ask_not_to_come_back(gate, quick, tone):
    door = gate(refuse(1, pushback="-1"))
    with Client(door.address, retry=quick) as client, pytest.raises(UnavailableError):
        client.run(PassThrough(), tone, rate=48000)
    assert door.count() == 1


def test_nothing_is_tried_beyond_the_timeout(gate, tone):
    door = gate(refuse(1, pushback="60000"))
    with Client(door.address) as client, pytest.raises(UnavailableError) as caught:
        client.run(PassThrough(), tone, rate=48000, timeout=5)
    assert caught.value.retry_after == 60
    assert door.count() == 1


def test_rate_limits_are_waited_for(gate, tone):
    limited = common_pb2.ErrorResponse(error_type=3, message="slower", code="rate_limited", retry_after_ms=5)
    door = gate(refuse(1, code=grpc.StatusCode.RESOURCE_EXHAUSTED, error=limited))
    with Client(door.address) as client:
        assert client.run(PassThrough(), tone, rate=48000).status == "success"
    with Client(gate(refuse(9, code=grpc.StatusCode.RESOURCE_EXHAUSTED, error=limited)).address, retry=ONCE) as client:
        with pytest.raises(RateLimitedError) as caught:
            client.run(PassThrough(), tone, rate=48000)
        assert caught.value.retry_after == 0.005


def test_other_errors_are_not_repeated(gate, quick, tone):
    door = gate(refuse(1, code=grpc.StatusCode.INTERNAL))
    with Client(door.address, retry=quick) as client, pytest.raises(InternalError):
        client.run(PassThrough(), tone, rate=48000)
    assert door.count() == 1


def test_streams_are_repeated_until_they_are_open(gate, quick, tone):
    door = gate(refuse(2, method=STREAM))
    with Client(door.address, retry=quick) as client:
        assert len(list(client.stream(PassThrough(), [tone], rate=48000))) == 3
    assert door.count(STREAM) == 3


def test_waits(monkeypatch):
    monkeypatch.setattr("random.uniform", lambda low, high: 1.0)
    busy = UnavailableError("busy", status="UNAVAILABLE")
    assert [Retry(6, 0.1, 0.5).wait(i, busy, None) for i in range(1, 7)] == [0.1, 0.2, 0.4, 0.5, 0.5, None]
    asked = UnavailableError("busy", status="UNAVAILABLE", retry_after=3.0)
    assert Retry().wait(1, asked, None) == 3.0
    assert Retry().wait(1, asked, 2.0) is None
    assert Retry().wait(1, ValidationError("no"), None) is None


def test_a_restart_is_survived(tone):
    first = Server()
    with Client(first.address, retry=Retry(attempts=12, first=0.05, longest=0.5)) as client:
        client.run(PassThrough(), tone, rate=48000)
        stream = client.stream(PassThrough(), rate=48000)
        stream.send(tone)
        assert [type(next(stream)).__name__ for _ in range(2)] == ["Ready", "Answer"]
        assert first.stop() == 0
        with pytest.raises(UnavailableError, match="open another one"):
            next(stream)
        with pytest.raises(UnavailableError):
            client.run(PassThrough(), tone, rate=48000, timeout=0.05)
        second = Server(first.address)
        try:
            audio = client.run(PassThrough(), tone, rate=48000).audio["pass_through"]
            np.testing.assert_array_equal(audio.samples, tone)
        finally:
            second.stop()


def test_exceptions_survive_pickling():
    error = NodeExecutionError("broken", node_id="a", context={"x": [1]}, retry_after=2.0, sequence=3, code="node_failed")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is NodeExecutionError
    assert copy.__dict__ == error.__dict__
    assert str(copy) == "broken"
    assert isinstance(copy, RemoteMediaError)


def test_parsing_texts():
    with pytest.raises(ValidationError, match="well-formed JSON"):
        Manifest.parse('{"version": ')
    with pytest.raises(ValidationError, match="an object"):
        Manifest.parse("- a\n- b\n")
    with pytest.raises(ValidationError, match="well-formed YAML"):
        Manifest.parse("version: [v1")
    with pytest.raises(ValidationError, match="given twice"):
        Manifest.parse("version: v1\nversion: v1\n")
