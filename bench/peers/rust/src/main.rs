//! A server of remotemedia.v1 as one writes it in Rust with tonic, prost and rubato, for the benchmarks: pipelines of one node that
//! passes audio through, resamples it, or calculates, unary and streamed.
//!
//!     rust-peer [HOST:PORT]
//!
//! It says "listening HOST:PORT" on standard output, and ends when its standard input does.

mod node;
mod resample;
mod stream;

#[allow(clippy::all)]
mod proto {
    tonic::include_proto!("remotemedia.v1");
}

use proto::pipeline_execution_service_server::{PipelineExecutionService, PipelineExecutionServiceServer};
use proto::streaming_pipeline_service_server::{StreamingPipelineService, StreamingPipelineServiceServer};
use proto::{execute_response::Outcome, *};
use resample::Shelf;
use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;
use tokio_stream::{once, Stream, StreamExt};
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

const MOST_BYTES: usize = 64 << 20;

#[derive(Clone, Default)]
struct Service {
    shelf: Arc<Shelf>,
}

impl Service {
    fn execute(&self, request: ExecuteRequest) -> Result<ExecutionResult, String> {
        let begin = Instant::now();
        let (id, node) = node::read(request.manifest.as_ref())?;
        let mut result = ExecutionResult { status: ExecutionStatus::Success.into(), ..Default::default() };
        for (_, b) in request.audio_inputs {
            result.audio_outputs.insert(id.clone(), node.audio(&self.shelf, b)?);
        }
        for (_, text) in request.data_inputs {
            result.data_outputs.insert(id.clone(), node.data(&text)?);
        }
        let wall_time_ms = begin.elapsed().as_secs_f64() * 1000.0;
        result.metrics = Some(ExecutionMetrics { wall_time_ms, memory_used_bytes: 1, ..Default::default() });
        Ok(result)
    }
}

#[tonic::async_trait]
impl PipelineExecutionService for Service {
    async fn execute_pipeline(&self, request: Request<ExecuteRequest>) -> Result<Response<ExecuteResponse>, Status> {
        let result = self.execute(request.into_inner()).map_err(Status::invalid_argument)?;
        Ok(Response::new(ExecuteResponse { outcome: Some(Outcome::Result(result)) }))
    }

    async fn get_version(&self, _: Request<VersionRequest>) -> Result<Response<VersionResponse>, Status> {
        Err(Status::unimplemented("a stand-in for benchmarks"))
    }

    async fn get_metrics(&self, _: Request<MetricsRequest>) -> Result<Response<MetricsResponse>, Status> {
        Err(Status::unimplemented("a stand-in for benchmarks"))
    }
}

#[tonic::async_trait]
impl StreamingPipelineService for Service {
    type StreamPipelineStream = Pin<Box<dyn Stream<Item = Result<StreamResponse, Status>> + Send>>;

    async fn stream_pipeline(&self, request: Request<Streaming<StreamRequest>>) -> Result<Response<Self::StreamPipelineStream>, Status> {
        let mut session = stream::Session::new(self.shelf.clone());
        let requests = request.into_inner().map(Some).chain(once(None));
        Ok(Response::new(Box::pin(requests.filter_map(move |r| session.answer(r)))))
    }
}

/// Ends with standard input.
async fn end_of_input() {
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // Only its end counts, however it comes.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = ended.send(());
    });
    let _ = end.await;
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".into());
    let incoming = TcpIncoming::bind(address.parse()?)?.with_nodelay(Some(true));
    println!("listening {}", incoming.local_addr()?);
    let service = Service::default();
    tonic::transport::Server::builder()
        .initial_stream_window_size(256 << 10)
        .initial_connection_window_size(4 << 20)
        .add_service(
            PipelineExecutionServiceServer::new(service.clone())
                .max_decoding_message_size(MOST_BYTES)
                .max_encoding_message_size(MOST_BYTES),
        )
        .add_service(StreamingPipelineServiceServer::new(service).max_decoding_message_size(MOST_BYTES))
        .serve_with_incoming_shutdown(incoming, async {
            end_of_input().await;
            // Connections that stay open would hold an orderly stop.
            std::process::exit(0)
        })
        .await?;
    Ok(())
}
