//! The computing part for a browser without a graphics processor that knows relaxed SIMD.

fn main() {
    corsai_worker::start();
}
