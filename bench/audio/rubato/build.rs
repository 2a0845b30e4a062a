//! Tells the program which rubato the lock file names.

fn main() {
    println!("cargo:rerun-if-changed=Cargo.lock");
    let lock = std::fs::read_to_string("Cargo.lock").expect("Cargo.lock");
    let version = lock.split("name = \"rubato\"\nversion = \"").nth(1).and_then(|rest| rest.split('"').next());
    println!("cargo:rustc-env=RUBATO_VERSION={}", version.expect("rubato in Cargo.lock"));
}
