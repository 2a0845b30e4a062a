"""The step stream."""

import threading

from observe import failure

from remotemedia_grpc import Answer, Chunk, ChunkFailed, Closed, ClosedError, Progress, RemoteMediaError


class Talk:
    """A stream that is conducted as a case describes it."""

    def __init__(self, samples, call, restart):
        self._samples, self._call, self._restart = samples, call, restart
        self._answers, self._audio, self._progress, self._closed = [], {}, 0, None

    def run(self, client, limits):
        call = self._call
        stream = client.stream(
            call["manifest"],
            data=call.get("data"),
            limits=limits,
            outputs=call.get("outputs", ()),
            backpressure=call.get("backpressure", "block"),
            chunk_samples=call.get("chunk_samples", 0),
            metrics_interval=call.get("metrics_interval", 0),
            continue_on_error=call.get("continue_on_error", False),
            timeout=call["timeout_ms"] / 1000 if "timeout_ms" in call else None,
            request_id=call.get("request_id", ""),
        )
        chunks = [self._chunk(chunk) for chunk in call["chunks"]]
        ready = stream.session  # an error until here is the step's
        error = None
        try:
            (self._in_lock_step if call.get("lock_step") else self._at_once)(stream, chunks)
        except RemoteMediaError as caught:
            error = failure(caught)
        told = {
            "ready": {"inputs": ready.inputs, "outputs": ready.outputs, "queue": ready.queue},
            "answers": self._answers,
            "audio": {node: self._samples.keep(pieces) for node, pieces in self._audio.items()},
            "progress": self._progress,
        }
        if self._closed is not None:
            c = self._closed
            told["closed"] = {"reason": c.reason, "code": c.code, "chunks": c.chunks, "samples": c.samples}
        return {"stream": told} if error is None else {"stream": told, "error": error}

    def _chunk(self, chunk):
        audio, at = chunk.get("audio"), chunk.get("at_ms")
        return Chunk(
            self._samples.audio(audio) if audio else None,
            data=chunk.get("data"),
            node=chunk.get("node", ""),
            at=None if at is None else at / 1000,
        )

    def _in_lock_step(self, stream, chunks):
        for chunk in chunks:
            stream.send(chunk)
            answered = len(self._answers)
            while len(self._answers) == answered:
                self._take(next(stream))
        stream.close()
        self._drain(stream)

    def _at_once(self, stream, chunks):
        wrong = []

        def send():
            try:
                for chunk in chunks:
                    stream.send(chunk)
                if self._call.get("end") != "cancel":
                    stream.close()
            except ClosedError:
                pass  # the stream has ended; receiving tells why
            except RemoteMediaError as error:
                wrong.append(error)
                stream.close()

        sender = threading.Thread(target=send)
        sender.start()
        try:
            self._drain(stream)
        finally:
            if self._closed is None:
                stream.cancel()
            sender.join()
        if wrong:
            raise wrong[0]

    def _drain(self, stream):
        for event in stream:
            self._take(event)
            if self._call.get("end") == "cancel" and len(self._answers) >= self._call.get("cancel_after", 0):
                stream.cancel()

    def _take(self, event):
        if isinstance(event, Answer):
            for node, audio in event.audio.items():
                self._audio.setdefault(node, []).append(audio)
            self._answers.append(
                {
                    "sequence": event.sequence,
                    "final": event.final,
                    "dropped": event.dropped,
                    "frames": {node: audio.frames for node, audio in event.audio.items()},
                    "data": event.data_items,
                    "warnings": event.warnings,
                }
            )
        elif isinstance(event, ChunkFailed):
            self._answers.append({"sequence": event.sequence, "final": False, "dropped": False, "failed": failure(event.error)})
        elif isinstance(event, Progress):
            self._progress += 1
        elif isinstance(event, Closed):
            self._closed = event
        if isinstance(event, (Answer, ChunkFailed)) and len(self._answers) == self._call.get("restart_after"):
            self._restart()
