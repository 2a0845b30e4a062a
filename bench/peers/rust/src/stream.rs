//! One stream: each request has one answer.

use crate::node::{self, Node};
use crate::proto::{stream_request::Request, stream_response::Response, *};
use crate::resample::{Resampler, Shelf};
use std::collections::HashMap;
use std::sync::Arc;
use tonic::Status;

pub struct Session {
    shelf: Arc<Shelf>,
    node: Option<(String, Node)>,
    resampler: Option<Resampler>,
    samples: u64,
    closed: bool,
}

impl Session {
    pub fn new(shelf: Arc<Shelf>) -> Self {
        Self { shelf, node: None, resampler: None, samples: 0, closed: false }
    }

    /// Answers a request; None is the end of the client's side.
    pub fn answer(&mut self, request: Option<Result<StreamRequest, Status>>) -> Option<Result<StreamResponse, Status>> {
        if self.closed {
            return None;
        }
        let out = match request {
            None => Ok(self.close()),
            Some(Err(status)) => Err(status),
            Some(Ok(r)) => self.handle(r).map_err(Status::invalid_argument),
        };
        Some(out.map(|response| StreamResponse { response: Some(response) }))
    }

    fn handle(&mut self, r: StreamRequest) -> Result<Response, String> {
        match r.request {
            Some(Request::Init(init)) => {
                self.node = Some(node::read(init.manifest.as_ref())?);
                Ok(Response::Ready(StreamReady { recommended_chunk_size: 4096, ..Default::default() }))
            }
            Some(Request::AudioChunk(chunk)) => self.chunk(chunk),
            Some(Request::Control(_)) => Ok(self.close()),
            _ => Err("this server takes init, audio chunks and control".into()),
        }
    }

    fn chunk(&mut self, chunk: AudioChunk) -> Result<Response, String> {
        let (id, node) = self.node.as_ref().ok_or("the first message has to be init")?;
        let b = chunk.buffer.ok_or("the chunk has no buffer")?;
        self.samples += b.num_samples;
        let out = node.chunk(&self.shelf, &mut self.resampler, b)?;
        Ok(Response::Result(ChunkResult {
            sequence: chunk.sequence,
            audio_outputs: HashMap::from([(id.clone(), out)]),
            total_samples_processed: self.samples,
            ..Default::default()
        }))
    }

    fn close(&mut self) -> Response {
        self.closed = true;
        if let Some(r) = self.resampler.take() {
            self.shelf.give(r);
        }
        Response::Closed(StreamClosed { reason: "the client closed".into(), ..Default::default() })
    }
}
