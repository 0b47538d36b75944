//! How a shader gets to the device: as an operation of Burn's, so that its tensors are Burn's.

use burn::{
    backend::{
        Backend, Dispatch, ExtensionType, backend_extension,
        tensor::{FloatTensor, IntTensor},
        wgpu::{CubeBackend, CubeDim, CubeTensor, KernelSource, SourceKernel, SourceTemplate},
    },
    cubecl::{
        CubeCount,
        ir::attributes::BufferIOAttr,
        prelude::KernelId,
        server::{KernelArguments, MetadataBindingInfo},
    },
    tensor::{Int, Shape as Dims, Tensor},
};

use super::source::{Kernel, Shape};

/// One dispatch of a shader.
#[derive(Debug, Clone)]
pub struct Launch {
    pub(super) kernel: Kernel,
    pub(super) shape: Shape,
    pub(super) workgroups: [u32; 2],
    /// Dimensions of what it writes.
    pub(super) out: [usize; 4],
}

impl Launch {
    /// Puts it into the device's queue; all tensors lie there, whole.
    pub(super) fn on(self, first: &Tensor<1>, more: &[Option<&Tensor<1>>]) -> Tensor<4> {
        self.into(first, more, None, None)
    }

    /// The same with `words` behind the floats, written into `out` if it is given.
    pub(super) fn into(
        self,
        first: &Tensor<1>,
        more: &[Option<&Tensor<1>>],
        words: Option<&Tensor<1, Int>>,
        out: Option<&Tensor<1>>,
    ) -> Tensor<4> {
        let floats = |tensor: &Tensor<1>| Slot::Floats(tensor.clone().into_dispatch());
        let words = words.map(|tensor| Slot::Words(tensor.clone().into_dispatch()));
        let mut slots = more.iter().flatten().map(|tensor| floats(tensor)).chain(words);
        let [b, c, d, e, f, g] = std::array::from_fn(|_| slots.next().unwrap_or(Slot::Empty));
        assert!(slots.next().is_none(), "invariant: a launch has a slot for every tensor");
        let (first, out) = (first.clone().into_dispatch(), out.map_or(Slot::Empty, floats));
        Tensor::from_dispatch(<Dispatch as Launches>::launch(first, b, c, d, e, f, g, out, self))
    }
}

/// A place for a tensor: Burn hands on single ones and structures of them, no lists.
#[derive(Debug, ExtensionType)]
pub enum Slot<B: Backend> {
    Floats(FloatTensor<B>),
    Words(IntTensor<B>),
    Empty,
}

impl Slot<CubeBackend> {
    fn tensor(self) -> Option<CubeTensor> {
        match self {
            Self::Floats(tensor) | Self::Words(tensor) => Some(tensor),
            Self::Empty => None,
        }
    }
}

/// What the shaders are to Burn: one operation.
#[backend_extension(Cube)]
pub trait Launches: Backend {
    /// The tensors are bound in their order, then what is written (`out`, or a new one), and the shape last.
    #[allow(
        clippy::too_many_arguments,
        clippy::many_single_char_names,
        reason = "places without a meaning of their own"
    )]
    fn launch(
        a: FloatTensor<Self>,
        #[extension_type] b: Slot<Self>,
        #[extension_type] c: Slot<Self>,
        #[extension_type] d: Slot<Self>,
        #[extension_type] e: Slot<Self>,
        #[extension_type] f: Slot<Self>,
        #[extension_type] g: Slot<Self>,
        #[extension_type] out: Slot<Self>,
        launch: Launch,
    ) -> FloatTensor<Self>;
}

impl Launches for CubeBackend {
    fn launch(
        a: CubeTensor,
        b: Slot<Self>,
        c: Slot<Self>,
        d: Slot<Self>,
        e: Slot<Self>,
        f: Slot<Self>,
        g: Slot<Self>,
        out: Slot<Self>,
        launch: Launch,
    ) -> CubeTensor {
        let (client, device) = (a.client.clone(), a.device.clone());
        let mut inputs = vec![a];
        inputs.extend([b, c, d, e, f, g].into_iter().filter_map(Slot::tensor));
        let Launch { kernel, shape, workgroups: [x, y], out: dims } = launch;
        let own = out.tensor();
        let access = if own.is_some() { BufferIOAttr::ReadWrite } else { BufferIOAttr::WriteOnly };
        let precision = kernel.written();
        let bytes = precision.bytes() * dims.iter().product::<usize>();
        let handle = own.map_or_else(|| client.empty(bytes), |own| own.handle);
        let mut arguments = KernelArguments::new();
        for read in inputs {
            arguments = arguments.with_buffer_io(read.handle.binding(), BufferIOAttr::ReadOnly);
        }
        arguments = arguments
            .with_buffer_io(handle.clone().binding(), access)
            .with_info(MetadataBindingInfo::custom(shape.words()));
        let threads = CubeDim::new_1d(kernel.threads());
        client.launch(Box::new(SourceKernel::new(kernel, threads)), CubeCount::Static(x, y, 1), arguments);
        CubeTensor::new_contiguous(client, device, Dims::from(dims), handle, precision.dtype())
    }
}

impl KernelSource for Kernel {
    fn source(&self) -> SourceTemplate {
        SourceTemplate::new(self.text())
    }

    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(*self)
    }

    fn lang(&self) -> &'static str {
        "wgsl"
    }
}
