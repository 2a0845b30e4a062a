//! rubato's FFT resampler with the modes of ../peers/main.c: version, convert, trace, time.
//!
//! It converts blocks of a fixed size (QUALITY samples or the next size that fits the ratio, as one transform each), so chunks
//! are gathered here as its users have to. The delay that it reports is dropped at the start, and silence brings out the end,
//! as its own process_all does.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler, WindowFunction};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

struct Peer {
    fft: Fft<f32>,
    ratio: f64,
    waiting: Vec<f32>,
    received: usize,
    made: usize, // with the delay
    out: Vec<f32>,
}

impl Peer {
    fn open(size: usize, src: usize, dst: usize) -> Peer {
        let window = WindowFunction::BlackmanHarris2; // rubato's own default
        let fft = Fft::new_custom(src, dst, size, 1, 1, window, FixedSync::Both).expect("rates that rubato takes");
        let out = vec![0.0; fft.output_frames_max()];
        Peer { fft, ratio: dst as f64 / src as f64, waiting: Vec::new(), received: 0, made: 0, out }
    }

    fn restart(&mut self) {
        self.fft.reset();
        self.waiting.clear();
        (self.received, self.made) = (0, 0);
    }

    /// Converts one block, shorter ones followed by silence, and appends what lies behind the delay to y.
    fn block(&mut self, x: &[f32], y: &mut Vec<f32>) {
        let (frames, room) = (x.len(), self.out.len());
        let input = InterleavedSlice::new(x, 1, frames).expect("a slice");
        let mut output = InterleavedSlice::new_mut(&mut self.out, 1, room).expect("a slice");
        let partial = Indexing::new().partial_len(frames);
        let how = (frames < self.fft.input_frames_next()).then_some(&partial);
        let (_, n) = self.fft.process_into_buffer(&input, &mut output, how).expect("a block of the right size");
        let skip = self.fft.output_delay().saturating_sub(self.made).min(n);
        self.made += n;
        y.extend_from_slice(&self.out[skip..n]);
    }

    fn push(&mut self, mut x: &[f32], y: &mut Vec<f32>) {
        self.received += x.len();
        let size = self.fft.input_frames_next();
        if !self.waiting.is_empty() {
            let (head, rest) = x.split_at((size - self.waiting.len()).min(x.len()));
            self.waiting.extend_from_slice(head);
            x = rest;
            if self.waiting.len() < size {
                return;
            }
            let full = std::mem::take(&mut self.waiting);
            self.block(&full, y);
            self.waiting = full;
            self.waiting.clear();
        }
        let blocks = x.chunks_exact(size);
        self.waiting.extend_from_slice(blocks.remainder());
        blocks.for_each(|b| self.block(b, y));
    }

    fn end(&mut self, y: &mut Vec<f32>) {
        let total = (self.received as f64 * self.ratio).ceil() as usize + self.fft.output_delay();
        let rest = std::mem::take(&mut self.waiting);
        if !rest.is_empty() {
            self.block(&rest, y);
        }
        while self.made < total {
            self.block(&[], y);
        }
        y.truncate(y.len() - (self.made - total));
        self.waiting = rest;
    }
}

fn read() -> Vec<f32> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).expect("stdin");
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

fn write(bytes: Vec<u8>) {
    std::io::stdout().write_all(&bytes).expect("stdout");
}

fn convert(mut p: Peer, chunk: usize) {
    let (x, mut y) = (read(), Vec::new());
    let step = if chunk == 0 { x.len().max(1) } else { chunk };
    x.chunks(step).for_each(|c| p.push(c, &mut y));
    p.end(&mut y);
    write(y.iter().flat_map(|v| v.to_le_bytes()).collect());
}

fn trace(mut p: Peer) {
    let (x, mut y, mut counts) = (read(), Vec::new(), Vec::new());
    for sample in x.chunks(1) {
        p.push(sample, &mut y);
        counts.extend_from_slice(&(y.len() as u32).to_le_bytes());
    }
    write(counts);
}

fn noise(n: usize) -> Vec<f32> {
    let mut seed = 1u32;
    let mut next = || {
        seed = seed.wrapping_mul(1664525).wrapping_add(1013904223);
        (f64::from(seed) / 4294967296.0 - 0.5) as f32
    };
    (0..n).map(|_| next()).collect()
}

fn time(mut p: Peer, src: usize, chunk: usize, ms: u64) {
    let (x, mut y) = (noise(src), Vec::with_capacity((src as f64 * p.ratio) as usize + 65536));
    let mut pass = || {
        y.clear();
        let start = Instant::now();
        if chunk == 0 {
            p.restart();
            p.push(&x, &mut y);
            p.end(&mut y);
        } else {
            x.chunks(chunk).for_each(|c| p.push(c, &mut y));
        }
        start.elapsed().as_nanos() as f64 / 1000.0
    };
    pass();
    let (end, mut took) = (Instant::now() + Duration::from_millis(ms), Vec::new());
    while took.len() < 3 || Instant::now() < end {
        took.push(pass());
    }
    took.sort_by(f64::total_cmp);
    println!("{{\"median_us\":{:.3},\"min_us\":{:.3},\"passes\":{}}}", took[took.len() / 2], took[0], took.len());
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize| args.get(i).and_then(|a| a.parse::<usize>().ok()).expect("a number; the usage is in main.c");
    let peer = || Peer::open(number(1), number(2), number(3));
    match args.first().map(String::as_str) {
        Some("version") => println!("rubato {}", env!("RUBATO_VERSION")),
        Some("convert") => convert(peer(), number(4)),
        Some("trace") => trace(peer()),
        Some("time") => time(peer(), number(2), number(4), number(5) as u64),
        _ => panic!("usage: version | convert SIZE SRC DST CHUNK | trace SIZE SRC DST | time SIZE SRC DST CHUNK MS"),
    }
}
