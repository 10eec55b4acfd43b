//! The binary: everything it does is in `app`.

use std::process::ExitCode;

/// A request with a thousand aliases allocates much and briefly; this allocator is faster at that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    customer_intelligence::app::main()
}
