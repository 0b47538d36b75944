//! The computing part that can use a graphics processor.

fn main() {
    corsai_worker::start();
}
