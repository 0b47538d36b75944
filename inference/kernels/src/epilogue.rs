//! What follows a convolution: a residual, an activation, and the destination of the result. `M` is
//! the feature maps' type of a device.

use crate::activation::Activation;

/// Feature maps that are added to the result of a convolution before its activation.
#[derive(Debug, Default)]
pub enum Residual<'a, M> {
    /// Nothing is added.
    #[default]
    None,
    /// Maps of the output's size.
    Same(&'a M),
    /// Maps of half the output's rows and columns, upsampled by repetition.
    UpsampledNearest(&'a M),
}

/// Where the result of a convolution goes.
#[derive(Debug, Default)]
pub enum Destination<'a, M> {
    /// New feature maps.
    #[default]
    New,
    /// New feature maps with room for this many channels, which later convolutions append.
    WithCapacity(usize),
    /// The two paths of a DPN: the first `n` channels of the result are added to the first ones of
    /// these maps, the others are appended to their channels.
    DualPath(&'a M, usize),
}

/// What follows a convolution.
#[derive(Debug)]
pub struct Epilogue<'a, M> {
    /// What is added before the activation.
    pub residual: Residual<'a, M>,
    /// The activation.
    pub activation: Activation,
    /// Where the result goes.
    pub destination: Destination<'a, M>,
}

impl<M> Epilogue<'_, M> {
    /// `ReLU` alone.
    pub const RELU: Self = Self::activation(Activation::Relu);
    /// `SiLU` alone.
    pub const SILU: Self = Self::activation(Activation::Silu);

    /// An activation alone.
    #[must_use]
    pub const fn activation(activation: Activation) -> Self {
        Self { residual: Residual::None, activation, destination: Destination::New }
    }
}

impl<'a, M> Epilogue<'a, M> {
    /// A residual alone.
    #[must_use]
    pub fn residual(residual: Residual<'a, M>) -> Self {
        Self { residual, ..Self::default() }
    }

    /// A destination alone.
    #[must_use]
    pub fn destination(destination: Destination<'a, M>) -> Self {
        Self { destination, ..Self::default() }
    }

    /// The same epilogue with every reference to feature maps replaced by `of` of it.
    #[must_use]
    pub fn map<N>(self, of: impl Fn(&'a M) -> &'a N) -> Epilogue<'a, N> {
        Epilogue {
            residual: match self.residual {
                Residual::None => Residual::None,
                Residual::Same(maps) => Residual::Same(of(maps)),
                Residual::UpsampledNearest(maps) => Residual::UpsampledNearest(of(maps)),
            },
            activation: self.activation,
            destination: match self.destination {
                Destination::New => Destination::New,
                Destination::WithCapacity(channels) => Destination::WithCapacity(channels),
                Destination::DualPath(maps, accumulated) => Destination::DualPath(of(maps), accumulated),
            },
        }
    }
}

// Derived, these would ask the same of `M`.

impl<M> Clone for Residual<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Residual<'_, M> {}

impl<M> Clone for Destination<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Destination<'_, M> {}

impl<M> Clone for Epilogue<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Epilogue<'_, M> {}

impl<M> Default for Epilogue<'_, M> {
    fn default() -> Self {
        Self::activation(Activation::None)
    }
}
