//! Builds `rcfssl` for a quick start, or not at all.

mod entropy;

fn main() {
    println!("cargo::rerun-if-changed=build");
    entropy::check();
    link();
}

/// Links the plain build at a fixed address, as cfssl is, so that nothing is relocated, and
/// with one library less to load. It saves a twelfth of the CPU time of one gencert.
/// `dist/build.sh` links the static ones in its own way.
fn link() {
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
        println!("cargo::rustc-link-arg-bins=-static-libgcc");
    }
}
