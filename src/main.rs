//! The binary: everything it does is in `app`.

fn main() {}
