//! The computing part for a browser without a graphics processor.

fn main() {
    corsai_worker::start();
}
