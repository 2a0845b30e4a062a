//! Makes the messages of remotemedia.v1 from the protos, without protoc. Samples are views into what was received.

fn main() {
    let root = "../../../proto";
    println!("cargo:rerun-if-changed={root}");
    let files = ["remotemedia/v1/execution.proto", "remotemedia/v1/streaming.proto"];
    let descriptors = protox::compile(files, [root]).expect("the protos compile");
    tonic_prost_build::configure()
        .build_client(false)
        .bytes(".")
        .compile_fds(descriptors)
        .expect("messages can be made of the protos");
}
