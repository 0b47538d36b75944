//! WGSL kernels of our own behind Burn's backend extension, each tested against the CPU. None yet: the networks run on
//! Burn's.
