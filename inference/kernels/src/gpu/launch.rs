//! Launches shaders as a backend extension of Burn, so that their tensors are Burn's.

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
    tensor::{Int, Shape, Tensor},
};

use super::source::{DispatchShape, Shader};

/// One dispatch of a shader.
#[derive(Debug, Clone)]
pub struct Launch {
    pub(super) shader: Shader,
    pub(super) shape: DispatchShape,
    pub(super) workgroups: [u32; 2],
    /// Dimensions of the output.
    pub(super) out: [usize; 4],
}

impl Launch {
    /// Enqueues the dispatch with the tensors `first` and `more` and returns a new output. All
    /// tensors are contiguous.
    pub(super) fn enqueue(self, first: &Tensor<1>, more: &[Option<&Tensor<1>>]) -> Tensor<4> {
        self.enqueue_into(first, more, None, None)
    }

    /// Enqueues the dispatch with the integers `words` bound behind the other tensors. The output
    /// is written into `out` in place if it is given: clones of that tensor change with it.
    pub(super) fn enqueue_into(
        self,
        first: &Tensor<1>,
        more: &[Option<&Tensor<1>>],
        words: Option<&Tensor<1, Int>>,
        out: Option<&Tensor<1>>,
    ) -> Tensor<4> {
        let float = |tensor: &Tensor<1>| TensorSlot::Float(tensor.clone().into_dispatch());
        let words = words.map(|tensor| TensorSlot::Int(tensor.clone().into_dispatch()));
        let mut slots = more.iter().flatten().map(|tensor| float(tensor)).chain(words);
        let [b, c, d, e, f, g] = std::array::from_fn(|_| slots.next().unwrap_or(TensorSlot::Empty));
        assert!(slots.next().is_none(), "invariant: a launch has a slot for every tensor");
        let (first, out) = (first.clone().into_dispatch(), out.map_or(TensorSlot::Empty, float));
        Tensor::from_dispatch(<Dispatch as ShaderBackend>::launch(first, b, c, d, e, f, g, out, self))
    }
}

/// An optional tensor argument. Burn's extensions take tensors and enums of tensors, but no lists.
#[derive(Debug, ExtensionType)]
pub enum TensorSlot<B: Backend> {
    /// A tensor of floats.
    Float(FloatTensor<B>),
    /// A tensor of integers.
    Int(IntTensor<B>),
    /// No tensor.
    Empty,
}

impl TensorSlot<CubeBackend> {
    fn tensor(self) -> Option<CubeTensor> {
        match self {
            Self::Float(tensor) | Self::Int(tensor) => Some(tensor),
            Self::Empty => None,
        }
    }
}

/// A backend that can launch the shaders of this crate.
#[backend_extension(Cube)]
pub trait ShaderBackend: Backend {
    /// Enqueues `launch`. The shader's bindings are the tensors `a` to `g` without empty slots,
    /// then the output (`out`, or a new tensor), then the shape.
    #[allow(
        clippy::too_many_arguments,
        clippy::many_single_char_names,
        reason = "bindings, whose meaning depends on the shader"
    )]
    fn launch(
        a: FloatTensor<Self>,
        #[extension_type] b: TensorSlot<Self>,
        #[extension_type] c: TensorSlot<Self>,
        #[extension_type] d: TensorSlot<Self>,
        #[extension_type] e: TensorSlot<Self>,
        #[extension_type] f: TensorSlot<Self>,
        #[extension_type] g: TensorSlot<Self>,
        #[extension_type] out: TensorSlot<Self>,
        launch: Launch,
    ) -> FloatTensor<Self>;
}

impl ShaderBackend for CubeBackend {
    fn launch(
        a: CubeTensor,
        b: TensorSlot<Self>,
        c: TensorSlot<Self>,
        d: TensorSlot<Self>,
        e: TensorSlot<Self>,
        f: TensorSlot<Self>,
        g: TensorSlot<Self>,
        out: TensorSlot<Self>,
        launch: Launch,
    ) -> CubeTensor {
        let (client, device) = (a.client.clone(), a.device.clone());
        let mut inputs = vec![a];
        inputs.extend([b, c, d, e, f, g].into_iter().filter_map(TensorSlot::tensor));
        let Launch { shader, shape, workgroups: [x, y], out: dims } = launch;
        let existing = out.tensor();
        let access = if existing.is_some() { BufferIOAttr::ReadWrite } else { BufferIOAttr::WriteOnly };
        let precision = shader.output_precision();
        let bytes = precision.bytes() * dims.iter().product::<usize>();
        let handle = existing.map_or_else(|| client.empty(bytes), |tensor| tensor.handle);
        let mut arguments = KernelArguments::new();
        for input in inputs {
            arguments = arguments.with_buffer_io(input.handle.binding(), BufferIOAttr::ReadOnly);
        }
        arguments = arguments
            .with_buffer_io(handle.clone().binding(), access)
            .with_info(MetadataBindingInfo::custom(shape.words()));
        let threads = CubeDim::new_1d(shader.threads());
        client.launch(Box::new(SourceKernel::new(shader, threads)), CubeCount::Static(x, y, 1), arguments);
        CubeTensor::new_contiguous(client, device, Shape::from(dims), handle, precision.dtype())
    }
}

impl KernelSource for Shader {
    fn source(&self) -> SourceTemplate {
        SourceTemplate::new(self.wgsl())
    }

    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(*self)
    }

    fn lang(&self) -> &'static str {
        "wgsl"
    }
}
