//! The nodes: pass-through, resampling and the calculator, each alone in its pipeline.

use crate::proto::{AudioBuffer, AudioFormat, PipelineManifest};
use crate::resample::{whole, Resampler, Shelf};
use bytes::Bytes;
use serde_json::Value;

pub enum Node {
    Pass,
    Resample(u32),
    Calculate { operation: String, value: f64 },
}

/// Reads a manifest of one node; gives its id too.
pub fn read(manifest: Option<&PipelineManifest>) -> Result<(String, Node), String> {
    let [node] = manifest.ok_or("there is no manifest")?.nodes.as_slice() else {
        return Err("this server runs manifests of one node".into());
    };
    let text = if node.params.is_empty() { "{}" } else { &node.params };
    let params: Value = serde_json::from_str(text).map_err(|e| format!("params of {}: {e}", node.id))?;
    let kind = match node.node_type.as_str() {
        "PassThrough" => Node::Pass,
        "AudioResample" => Node::Resample(params["target_sample_rate"].as_u64().ok_or("target_sample_rate is missing")? as u32),
        "CalculatorNode" => Node::Calculate {
            operation: params["operation"].as_str().unwrap_or("add").into(),
            value: params["value"].as_f64().unwrap_or(0.0),
        },
        other => return Err(format!("this server has no node {other}")),
    };
    Ok((node.id.clone(), kind))
}

fn floats(b: &AudioBuffer) -> Result<Vec<f32>, String> {
    if b.format() != AudioFormat::F32 || b.channels != 1 {
        return Err("this server takes mono float32".into());
    }
    Ok(b.samples.chunks_exact(4).map(|s| f32::from_le_bytes([s[0], s[1], s[2], s[3]])).collect())
}

fn buffer(y: &[f32], rate: u32) -> AudioBuffer {
    let samples: Vec<u8> = y.iter().flat_map(|v| v.to_le_bytes()).collect();
    AudioBuffer {
        samples: Bytes::from(samples),
        sample_rate: rate,
        channels: 1,
        format: AudioFormat::F32.into(),
        num_samples: y.len() as u64,
        ..Default::default()
    }
}

impl Node {
    /// Whole audio.
    pub fn audio(&self, shelf: &Shelf, b: AudioBuffer) -> Result<AudioBuffer, String> {
        match self {
            Node::Pass => Ok(b),
            Node::Resample(rate) => Ok(buffer(&whole(shelf, &floats(&b)?, b.sample_rate, *rate)?, *rate)),
            Node::Calculate { .. } => Err("the calculator takes data".into()),
        }
    }

    /// One data item.
    pub fn data(&self, text: &str) -> Result<String, String> {
        let Node::Calculate { operation, value } = self else { return Err("this node takes audio".into()) };
        let item: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let x = item["value"].as_f64().ok_or("the item has no value")?;
        let y = match operation.as_str() {
            "add" => x + value,
            "subtract" => x - value,
            "multiply" => x * value,
            "divide" => x / value,
            other => return Err(format!("the calculator doesn't know {other}")),
        };
        Ok(format!("{y:?}"))
    }

    /// A chunk of a stream, whose resampler is kept in state.
    pub fn chunk(&self, shelf: &Shelf, state: &mut Option<Resampler>, b: AudioBuffer) -> Result<AudioBuffer, String> {
        let Node::Resample(rate) = self else { return self.audio(shelf, b) };
        let mut r = match state.take() {
            Some(r) => r,
            None => shelf.take(b.sample_rate, *rate)?,
        };
        let mut y = Vec::new();
        r.push(&floats(&b)?, &mut y);
        *state = Some(r);
        Ok(buffer(&y, *rate))
    }
}
