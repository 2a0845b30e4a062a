//! rubato's FFT resampler over whole buffers and over chunks, with the delay taken off and the end brought out.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler as _, WindowFunction};
use std::collections::HashMap;
use std::sync::Mutex;

/// Frames of a block, before rubato makes it fit the ratio.
const BLOCK: usize = 1024;

/// A resampler of mono audio between two rates.
pub struct Resampler {
    fft: Fft<f32>,
    rates: (usize, usize),
    waiting: Vec<f32>,
    received: usize,
    made: usize, // with the delay
    out: Vec<f32>,
}

impl Resampler {
    fn new(rates: (usize, usize)) -> Result<Self, String> {
        let window = WindowFunction::BlackmanHarris2; // rubato's own default
        let fft = Fft::new_custom(rates.0, rates.1, BLOCK, 1, 1, window, FixedSync::Both).map_err(|e| e.to_string())?;
        let out = vec![0.0; fft.output_frames_max()];
        Ok(Self { fft, rates, waiting: Vec::new(), received: 0, made: 0, out })
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

    /// Takes samples and appends what can be told of them to y.
    pub fn push(&mut self, mut x: &[f32], y: &mut Vec<f32>) {
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

    /// Appends the rest to y.
    pub fn end(&mut self, y: &mut Vec<f32>) {
        let frames = (self.received * self.rates.1).div_ceil(self.rates.0);
        let total = frames + self.fft.output_delay();
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

/// Resamplers that wait for their next use, as making one costs more than a second of audio.
#[derive(Default)]
pub struct Shelf(Mutex<HashMap<(usize, usize), Vec<Resampler>>>);

impl Shelf {
    /// Gives a resampler that is as new.
    pub fn take(&self, from: u32, to: u32) -> Result<Resampler, String> {
        let rates = (from as usize, to as usize);
        let found = self.0.lock().expect("no panic holds it").get_mut(&rates).and_then(Vec::pop);
        found.map_or_else(|| Resampler::new(rates), Ok)
    }

    /// Takes one back.
    pub fn give(&self, mut r: Resampler) {
        r.restart();
        self.0.lock().expect("no panic holds it").entry(r.rates).or_default().push(r);
    }
}

/// Whole audio from one rate to another.
pub fn whole(shelf: &Shelf, x: &[f32], from: u32, to: u32) -> Result<Vec<f32>, String> {
    let mut r = shelf.take(from, to)?;
    let mut y = Vec::with_capacity((x.len() as f64 * f64::from(to) / f64::from(from)) as usize + 4 * BLOCK);
    r.push(x, &mut y);
    r.end(&mut y);
    shelf.give(r);
    Ok(y)
}
