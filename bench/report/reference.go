package report

// Reference figures of servers that aren't part of this project, measured once on a quiet machine of two shared cores (Zen 5), client and
// server on the same ones, with one second of 44.1 kHz mono float32. Times are in microseconds.
const (
	rustResample10      = 1050
	rustResample10P50   = 8970
	rustStream1         = 6613
	rustStream10        = 14636
	rustStream100       = 8574
	rustCalculator1     = 5231
	rustCalculator10    = 8238
	pythonResample10    = 1680
	pythonResample10P50 = 5600
)

// What the echo with the one-copy codec did on that machine.
const (
	echoCalls10   = 15524 // a second, resample 1 s, c=10
	echoPing      = 69    // p50 of a ping of 16 KB on one stream
	echoChunks100 = 89496 // chunks of 16 KB a second, pipelined on 100 streams
)

// Reference is the table of these figures, for the text.
const Reference = `Figures that were measured once and are quoted here, on a quiet machine of 2 shared cores (Zen 5), client and server on the same ones: they compare
with each other, and with those above only as far as the machines do. One second of 44.1 kHz mono float32; p50/p99 in ms, calls or chunks a second.

| work | c | Python service, repaired most charitably | first Rust service (returns nothing, echoes streams) | newest Rust service |
|---|---|---|---|---|
| unary pass-through | 1 | 1.12 / 1.40, 871 | 0.121 / 0.350, 6,572 (empty) | 0.669 / 1.86, 1,401 |
| | 10 | 3.99 / 7.48, 2,297 | 0.750 / 3.86, 11,712 (empty) | 3.33 / 12.4, 2,429 |
| | 100 | | 13.3 / 30.3, 7,306 (empty) | 34.9 / 89.9, 2,599 |
| unary resample to 16 kHz | 1 | 1.34 / 1.71, 716 | error | 1.87 / 4.20, 505 (loses the tail) |
| | 10 | 5.60 / 8.51, 1,680 | error | 8.97 / 20.8, 1,050 |
| calculator | 1 | 0.54 / 0.78, 1,811 | 0.110 / 0.234, 8,404 (empty) | 0.175 / 0.46, 5,231 |
| | 10 | 2.19 / 3.91, 4,245 | 0.293 / 1.71, 27,552 (empty) | 0.855 / 5.45, 8,238 |
| stream, 4096, pass-through | 1 | | 0.092 / 0.236, 9,610 (echo) | 0.093 / 0.240, 9,764 |
| | 100 | | 2.03 / 9.50, 34,169 (echo) | 4.41 / 13.8, 19,590 |
| stream, 4096, resample | 1 | 0.597 / 0.86, 1,294 | wrong (echo) | 0.139 / 0.277, 6,613 |
| | 10 | 4.05 / 9.53, 1,263 | | 0.620 / 1.90, 14,636 |
| | 100 | | | 10.2 / 24.3, 8,574 |

With its default options a call of the Python service takes 1 to 2 s, once it is repaired at all; it uses soxr HQ. Ten times that path is met by any call
below 100 ms; ten times the repaired one at c=1 is out of reach of any server, as the transport alone takes 0.18 ms of its 1.12.

Transport floors of the same machine, quiet (177 KB in, 64 KB out; p50 us at c=1, calls a second at c=10 / c=100): raw TCP 37, 39,074 / 29,285; no-op codec
166, 16,130 / 16,237; one-copy codec 189, 15,524 / 13,507; default codec 290, 7,801 / 7,608. Streams of 16 KB in and out (p50 us of a ping on one stream, chunks a
second pipelined on 100): raw TCP 62, 123,888; no-op codec 69, 106,113; one-copy codec 69, 89,496; default codec 86, 68,566.
`
