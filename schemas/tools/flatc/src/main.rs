//! Prints where the vendored flatc was built, for the Makefile to copy it from.

fn main() {
    println!("{}", flatc_fork::flatc().display());
}
