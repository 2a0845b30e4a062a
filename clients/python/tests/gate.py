"""A gate before the real service: it lets through what a rule allows, and otherwise answers as services under load, or of other
releases do. Bytes pass through it untouched."""

from concurrent import futures

import grpc

from remotemedia_grpc._options import EXECUTE, STREAM, VERSION
from remotemedia_grpc._wire import bytes_field, number_field


class Refusal(Exception):
    """What the rule raises: a status, trailers, and perhaps the service's error in the details."""

    def __init__(self, code, message, *, error=None, trailers=()):
        super().__init__(message)
        self.code, self.message, self.error, self.trailers = code, message, error, trailers

    def end(self, context):
        trailers = list(self.trailers)
        if self.error is not None:
            packed = bytes_field(1, b"type.googleapis.com/remotemedia.v1.ErrorResponse") + bytes_field(
                2, self.error.SerializeToString()
            )
            status = number_field(1, self.code.value[0]) + bytes_field(2, self.message.encode()) + bytes_field(3, packed)
            trailers.append(("grpc-status-details-bin", status))
        context.set_trailing_metadata(trailers)
        context.abort(self.code, self.message)


class Gate(grpc.GenericRpcHandler):
    """rule(method, headers) is asked before each call, and may raise a Refusal, or return the bytes of an answer."""

    def __init__(self, target, rule):
        self.calls = []
        self._rule = rule
        self._channel = grpc.insecure_channel(target, [("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", -1)])
        limits = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)]
        self._server = grpc.server(futures.ThreadPoolExecutor(8), [self], options=limits)
        self.address = f"localhost:{self._server.add_insecure_port('localhost:0')}"
        self._server.start()

    def service(self, details):
        method, headers = details.method, dict(details.invocation_metadata)
        if method == STREAM:
            return grpc.stream_stream_rpc_method_handler(lambda requests, context: self._stream(headers, requests, context))
        return grpc.unary_unary_rpc_method_handler(lambda request, context: self._unary(method, headers, request, context))

    def _ask(self, method, headers, context):
        self.calls.append((method, headers))
        try:
            return self._rule(method, headers)
        except Refusal as refusal:
            return refusal.end(context)

    def _unary(self, method, headers, request, context):
        answer = self._ask(method, headers, context)
        return answer if answer is not None else self._channel.unary_unary(method)(request, timeout=30)

    def _stream(self, headers, requests, context):
        self._ask(STREAM, headers, context)
        yield from self._channel.stream_stream(STREAM)(requests, timeout=30)

    def stop(self):
        self._server.stop(0).wait()
        self._channel.close()

    def count(self, method=EXECUTE):
        return sum(called == method for called, _ in self.calls)


__all__ = ["EXECUTE", "STREAM", "VERSION", "Gate", "Refusal"]
