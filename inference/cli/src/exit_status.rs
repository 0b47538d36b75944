//! Exit statuses of the program other than 0.

/// The command failed: a file could not be read or written, or a network answered wrongly.
pub const FAILED: u8 = 1;
/// At least one study was refused: the report says why.
pub const REFUSED: u8 = 2;
/// The command line was not understood (`sysexits.h`'s `EX_USAGE`).
pub const USAGE: u8 = 64;
/// The evaluation was interrupted: 128 and the number of SIGINT, as shells have it.
pub const INTERRUPTED: u8 = 130;
