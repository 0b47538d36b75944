//! Allocation that fails instead of ending the program: sizes come from files.

use crate::error::CodecError;

/// Returns an empty vector with room for exactly `count` values.
///
/// # Errors
/// [`CodecError::Memory`] where there is no memory for them.
pub(crate) fn empty_vec<T>(count: usize) -> Result<Vec<T>, CodecError> {
    let mut values = Vec::new();
    if values.try_reserve_exact(count).is_err() {
        return Err(CodecError::Memory);
    }
    Ok(values)
}

/// Returns a vector of `count` zeros.
///
/// # Errors
/// [`CodecError::Memory`] where there is no memory for them.
pub(crate) fn zeroed_vec<T: Clone + From<u8>>(count: usize) -> Result<Vec<T>, CodecError> {
    let mut values = empty_vec(count)?;
    values.resize(count, T::from(0));
    Ok(values)
}
