// Load with k6, a stock tool: small calls, one second of audio resampled, and streams, against thresholds.
//   make bench-k6                                        builds k6 to build/tools, starts the service and ends it
//   ADDRESS=host:port DURATION=30s k6 run bench/k6.js    loads a service that runs
// k6 makes its requests from JavaScript objects, which takes longer than the service does: the thresholds are for what k6 sees on a
// machine with two cores that it shares with the service. bench/ghz.sh is nearer to the service, scripts/bench.sh nearest.
import { check } from 'k6';
import encoding from 'k6/encoding';
import grpc from 'k6/net/grpc';
import { Counter, Trend } from 'k6/metrics';

const address = __ENV.ADDRESS || '127.0.0.1:50051';
const duration = __ENV.DURATION || '10s';
const seconds = parseInt(duration, 10);
const rate = 44100;
const chunks = 50; // of a stream, 20 ms each
const chunkFrames = rate / 50;

const answered = new Counter('chunks_answered');
const chunkLatency = new Trend('chunk_latency', true);

function load(exec, vus, part) {
  return { executor: 'constant-vus', exec, vus, duration, startTime: `${part * (seconds + 1)}s`, gracefulStop: '10s' };
}

export const options = {
  scenarios: {
    calculator: load('calculator', 10, 0),
    resample: load('resample', 1, 1),
    stream: load('stream', 5, 2),
  },
  thresholds: {
    checks: ['rate==1'],
    'grpc_req_duration{scenario:calculator}': ['p(95)<50'],
    'grpc_req_duration{scenario:resample}': ['p(50)<5', 'p(95)<10'],
    chunk_latency: ['p(95)<50'],
    chunks_answered: [`count>=${chunks}`],
  },
};

const client = new grpc.Client();
client.load(['../proto'], 'remotemedia/v1/execution.proto', 'remotemedia/v1/streaming.proto');

// tone gives so many frames as base64 of float32.
function tone(frames) {
  const samples = new Float32Array(frames);
  for (let i = 0; i < frames; i++) {
    samples[i] = 0.5 * Math.sin((2 * Math.PI * 440 * i) / rate);
  }
  return encoding.b64encode(samples.buffer);
}

function audio(frames) {
  return { samples: tone(frames), sampleRate: rate, channels: 1, format: 'AUDIO_FORMAT_F32', numSamples: frames };
}

function manifest(nodeType, params) {
  return { version: 'v1', nodes: [{ id: 'n', nodeType, params: JSON.stringify(params) }] };
}

const requests = {
  calculator: { manifest: manifest('CalculatorNode', { operation: 'add', value: 5.0 }), dataInputs: { n: '{"value": 10.0}' } },
  resample: { manifest: manifest('AudioResample', { target_sample_rate: 16000 }), audioInputs: { n: audio(rate) } },
};
const chunk = audio(chunkFrames);

// Once for each VU: a connection is opened by its first iteration.
let connected = false;
function connect() {
  if (!connected) {
    client.connect(address, { plaintext: true });
    connected = true;
  }
}

function execute(request, right) {
  connect();
  const response = client.invoke('remotemedia.v1.PipelineExecutionService/ExecutePipeline', request);
  check(response, {
    'status is OK': (r) => r.status === grpc.StatusOK,
    'the result is right': (r) => r.message.result !== undefined && right(r.message.result),
  });
}

export function calculator() {
  execute(requests.calculator, (result) => parseFloat(result.dataOutputs.n) === 15);
}

export function resample() {
  execute(requests.resample, (result) => result.audioOutputs.n.numSamples === '16000');
}

export function stream() {
  connect();
  const s = new grpc.Stream(client, 'remotemedia.v1.StreamingPipelineService/StreamPipeline');
  let next = 0;
  let sent = 0;
  const send = () => {
    sent = Date.now();
    s.write({ audioChunk: { nodeId: 'n', sequence: next, buffer: chunk } });
  };
  s.on('data', (message) => {
    if (message.ready) {
      send();
    } else if (message.result && !message.result.isFinal) {
      check(message.result, { 'chunks are answered in order': (r) => Number(r.sequence || 0) === next });
      answered.add(1);
      chunkLatency.add(Date.now() - sent);
      next++;
      if (next < chunks) {
        send();
      } else {
        s.end();
      }
    } else if (message.error) {
      check(message.error, { 'no error comes in a stream': () => false });
    }
  });
  s.on('error', (e) => check(e, { 'no stream breaks': () => false }));
  s.write({ init: { manifest: manifest('AudioResample', { target_sample_rate: 16000 }), expectedChunkSize: chunkFrames } });
}
