//! The sources of the shaders: the `.wgsl` files of this folder with their blanks (`{{name}}`)
//! filled in.
//!
//! Sizes are data, so that one pipeline serves many layers. Everything that changes the source is
//! in [`Shader`], which identifies the pipeline.

use std::fmt::Write as _;

use crate::{activation::Activation, quantized::Precision};

impl Activation {
    /// Returns a statement that applies the activation to `value`; `zero` is the zero of its type.
    fn wgsl(self, zero: &str) -> String {
        match self {
            Self::None => String::new(),
            Self::Relu => format!("value = max(value, {zero});"),
            Self::Silu => format!("value /= 1.0 + {};", exponential(zero)),
        }
    }
}

/// Returns an expression for exp(−value) that stays finite.
fn exponential(zero: &str) -> String {
    format!("exp(-max(value, {zero} - 80.0))")
}

/// What the GEMM shader applies to its input (`shape.prologue`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PrologueMode {
    Identity,
    /// max(0, x · scale + shift), per channel.
    AffineRelu,
    /// x · gate, per channel.
    Gate,
    /// Upsampling of maps of half the size by repetition, and concatenation with others.
    UpsampleConcat,
}

/// What the GEMM shader adds to its result before the activation (`shape.residual`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResidualMode {
    None,
    /// Maps of the output's size.
    Same,
    /// Maps of half the output's size, upsampled by repetition.
    UpsampledNearest,
}

/// A variant of the GEMM shader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct GemmConv {
    /// Whether tiles are large.
    pub large: bool,
    /// Precision of input, output and residual.
    pub maps: Precision,
    /// Precision of the weights; `None` for int8, four a word.
    pub weights: Option<Precision>,
}

impl GemmConv {
    /// Returns the pixels of a tile and its vec4s of output channels.
    pub fn tile(self) -> (usize, usize) {
        if self.large { (64, 16) } else { (32, 8) }
    }
}

/// The precision of a convolution's tensors. Biases are f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct StorageTypes {
    pub maps: Precision,
    pub weights: Precision,
    pub out: Precision,
}

/// What the upsampling shader applies to its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum UpsamplePrologue {
    Identity,
    /// max(0, x).
    Relu,
    /// max(0, x · scale + shift), per channel.
    AffineRelu,
}

/// A shader and everything that changes its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Shader {
    GemmConv(GemmConv),
    StemConv {
        activation: Activation,
        types: StorageTypes,
    },
    OutputHead {
        activation: Activation,
        types: StorageTypes,
    },
    GroupedConv {
        /// Whether every channel is a group; then four of them are computed together.
        depthwise: bool,
        kernel: usize,
        stride: usize,
        activation: Activation,
        types: StorageTypes,
    },
    ChannelSums {
        maps: Precision,
    },
    ChannelMoments {
        maps: Precision,
    },
    SqueezeExcite,
    GroupNorm,
    UpsampleBilinear {
        /// Whether four channels are computed together.
        vectorized: bool,
        align_corners: bool,
        prologue: UpsamplePrologue,
        /// Whether maps are added; these are stored in the precision `to`.
        residual: bool,
        from: Precision,
        to: Precision,
    },
    MaxPool {
        maps: Precision,
    },
}

/// Most channels of the squeeze-and-excitation shader.
pub(super) const MAX_GATE_CHANNELS: usize = 1152;
/// Most hidden values of the squeeze-and-excitation shader.
pub(super) const MAX_GATE_HIDDEN: usize = 64;
/// Most channels of the group normalisation shader.
pub(super) const MAX_NORM_CHANNELS: usize = 256;

macro_rules! dispatch_shape {
    ($($field:ident),* $(,)?) => {
        /// The sizes of a dispatch, as the shaders read them. Each shader's head says in which
        /// units it counts channels.
        #[derive(Debug, Clone, Copy, Default)]
        pub(super) struct DispatchShape { $(pub $field: usize),* }

        impl DispatchShape {
            const WGSL: &str = concat!("struct DispatchShape { ", $(stringify!($field), ": u32, "),*, "}\n");

            /// Returns the fields as u32, two a word, the first in the low half.
            pub fn words(self) -> Vec<u64> {
                let numbers = [$(self.$field as u64),*];
                numbers.chunks(2).map(|pair| pair[0] | pair.get(1).map_or(0, |high| high << 32)).collect()
            }
        }
    };
}

dispatch_shape!(
    rows,
    columns,
    channels,
    width,
    out_rows,
    out_columns,
    outputs,
    out_width,
    kernel,
    stride,
    pad_begin,
    prologue,
    concat_split,
    second_width,
    residual,
    activation,
    accumulated,
    skipped,
    group_inputs,
    group_outputs,
    partitions,
    hidden,
    channels_per_group,
);

impl Precision {
    /// Returns the WGSL type of a value, or of four if `vectorized`.
    const fn wgsl(self, vectorized: bool) -> &'static str {
        match (self, vectorized) {
            (Self::Single, false) => SCALAR,
            (Self::Single, true) => VEC4,
            (Self::Half, false) => "f16",
            (Self::Half, true) => "vec4h",
        }
    }
}

/// Returns the declarations of the bindings: the inputs (name, element type) in order, the output
/// of the element type `out`, the shape; and of `to_storage`, which converts a value to `out`.
fn bindings(inputs: &[(&str, &str)], out: &str) -> String {
    let half = |element: &str| element == "f16" || element == "vec4h";
    let enable = if half(out) || inputs.iter().any(|(_, element)| half(element)) { "enable f16;\n" } else { "" };
    let mut text = format!("{enable}{}", DispatchShape::WGSL);
    for (i, (name, element)) in inputs.iter().enumerate() {
        let _ = writeln!(text, "@group(0) @binding({i}) var<storage, read> {name}: array<{element}>;");
    }
    let _ = writeln!(text, "@group(0) @binding({}) var<storage, read_write> out: array<{out}>;", inputs.len());
    let _ = writeln!(text, "@group(0) @binding({}) var<uniform> shape: DispatchShape;", inputs.len() + 1);
    // Values beyond f16's range become its largest value, never infinite.
    let (element, value) = match out {
        "f16" => (SCALAR, "f16(clamp(value, -65504.0, 65504.0))"),
        "vec4h" => (VEC4, "vec4h(clamp(value, vec4f(-65504.0), vec4f(65504.0)))"),
        _ => (out, "value"),
    };
    let _ = writeln!(text, "fn to_storage(value: {element}) -> {out} {{ return {value}; }}");
    text
}

/// Replaces every `{{name}}` of a template.
fn fill_template(template: &str, blanks: &[(&str, String)]) -> String {
    let mut text = String::from(template);
    for (name, value) in blanks {
        text = text.replace(&format!("{{{{{name}}}}}"), value);
    }
    assert!(!text.contains("{{"), "invariant: every blank of a shader is filled; one is left in {text}");
    text
}

/// Repeats `line` for the numbers 0 to `count` − 1, with `#` replaced by the number.
fn unroll(count: usize, line: &str) -> String {
    (0..count).map(|i| line.replace('#', &i.to_string())).collect::<Vec<_>>().join("\n")
}

const SCALAR: &str = "f32";
const VEC4: &str = "vec4f";

impl Shader {
    /// Threads of a workgroup.
    pub fn threads(self) -> u32 {
        match self {
            Self::ChannelSums { .. } | Self::ChannelMoments { .. } | Self::SqueezeExcite | Self::GroupNorm => 256,
            _ => 64,
        }
    }

    /// The precision in which the output is stored.
    pub fn output_precision(self) -> Precision {
        match self {
            Self::GemmConv(GemmConv { maps, .. }) | Self::MaxPool { maps } => maps,
            Self::StemConv { types, .. } | Self::OutputHead { types, .. } | Self::GroupedConv { types, .. } => {
                types.out
            }
            Self::UpsampleBilinear { to, .. } => to,
            Self::ChannelSums { .. } | Self::ChannelMoments { .. } | Self::SqueezeExcite | Self::GroupNorm => {
                Precision::Single
            }
        }
    }

    /// Returns the WGSL source.
    pub fn wgsl(self) -> String {
        match self {
            Self::GemmConv(conv) => conv.wgsl(),
            Self::StemConv { activation, types } => {
                let inputs = [("x", types.maps.wgsl(false)), ("weight", types.weights.wgsl(true)), ("bias", VEC4)];
                let blanks =
                    [("bindings", bindings(&inputs, types.out.wgsl(true))), ("activation", activation.wgsl("vec4f()"))];
                fill_template(include_str!("stem_conv.wgsl"), &blanks)
            }
            Self::OutputHead { activation, types } => {
                let inputs = [("x", types.maps.wgsl(true)), ("weight", types.weights.wgsl(true)), ("bias", SCALAR)];
                let blanks =
                    [("bindings", bindings(&inputs, types.out.wgsl(false))), ("activation", activation.wgsl("0.0"))];
                fill_template(include_str!("output_head.wgsl"), &blanks)
            }
            Self::GroupedConv { depthwise, kernel, stride, activation, types } => {
                grouped_conv(depthwise, (kernel, stride), activation, types)
            }
            Self::ChannelSums { maps } => {
                let bindings = bindings(&[("x", maps.wgsl(true))], VEC4);
                fill_template(include_str!("channel_sums.wgsl"), &[("bindings", bindings)])
            }
            Self::ChannelMoments { maps } => {
                let bindings = bindings(&[("x", maps.wgsl(true))], VEC4);
                fill_template(include_str!("channel_moments.wgsl"), &[("bindings", bindings)])
            }
            Self::SqueezeExcite => {
                let names = ["sums", "squeeze", "squeeze_bias", "excite", "excite_bias"];
                let blanks = [
                    ("bindings", bindings(&names.map(|name| (name, SCALAR)), SCALAR)),
                    ("max_channels", MAX_GATE_CHANNELS.to_string()),
                    ("silu", Activation::Silu.wgsl("0.0")),
                    ("sigmoid", format!("value = 1.0 / (1.0 + {});", exponential("0.0"))),
                ];
                fill_template(include_str!("squeeze_excite.wgsl"), &blanks)
            }
            Self::GroupNorm => {
                let inputs = ["moments", "gamma", "beta"].map(|name| (name, SCALAR));
                fill_template(include_str!("group_norm.wgsl"), &[("bindings", bindings(&inputs, SCALAR))])
            }
            Self::UpsampleBilinear { vectorized, align_corners, prologue, residual, from, to } => {
                upsample_bilinear(vectorized, align_corners, (prologue, residual), (from, to))
            }
            Self::MaxPool { maps } => {
                let element = maps.wgsl(true);
                fill_template(include_str!("max_pool.wgsl"), &[("bindings", bindings(&[("x", element)], element))])
            }
        }
    }
}

impl GemmConv {
    fn wgsl(self) -> String {
        let (rows, vec4s) = self.tile();
        let (thread_rows, thread_columns) = (rows / 8, vec4s / 8);
        let maps = self.maps.wgsl(true);
        let mut inputs = vec![("x", maps), ("second", maps), ("scale_shift", VEC4), ("bias", VEC4)];
        let (dequantize, weight) = if let Some(weights) = self.weights {
            inputs.extend([("residual", maps), ("weight", weights.wgsl(true))]);
            ("", "return vec4f(weight[index]);")
        } else {
            inputs.extend([("scale", VEC4), ("residual", maps), ("weight", "u32")]);
            let unpack = "let word = bitcast<vec4i>(vec4u(weight[index]));
    return vec4f((word << vec4u(24u, 16u, 8u, 0u)) >> vec4u(24u));";
            (" * scale[channel4]", unpack)
        };
        // 64 threads load four vec4s of a row of the lhs tile, 16 rows at a time; and the rhs tile
        // in its own order.
        let (lhs_loads, rhs_loads) = (rows / 16, vec4s / 4);
        let origins = "let row# = first_row + thread / 4u + #u * 16u;
    let y# = i32(row# / shape.out_columns * shape.stride) - i32(shape.pad_begin);
    let x# = i32(row# % shape.out_columns * shape.stride) - i32(shape.pad_begin);";
        let positions = "let inside# = row# < pixels && y# + ky >= 0 && y# + ky < i32(shape.rows)
            && x# + kx >= 0 && x# + kx < i32(shape.columns);
        let pixel# = u32((y# + ky) * i32(shape.columns) + x# + kx);
        let coarse# = u32(((y# + ky) >> 1u) * i32(shape.columns / 2u) + ((x# + kx) >> 1u));";
        let load_lhs = "var value# = vec4f();
            if (inside# && channel4 < shape.channels) {
                value# = load_input(pixel#, coarse#, channel4);
            }
            lhs[(thread / 4u + #u * 16u) * LHS_STRIDE + quad] = value#;";
        let load_rhs = "let k# = (thread + #u * 64u) / TILE_VEC4S;
            let n# = first_channel4 + (thread + #u * 64u) % TILE_VEC4S;
            var weight# = vec4f();
            if (c * 4u + k# < shape.channels * 4u && n# < shape.outputs) {
                weight# = load_weight(((tap * shape.channels + c) * 4u + k#) * shape.outputs + n#);
            }
            rhs[thread + #u * 64u] = weight#;";
        let (mut products, mut sums, mut sum_names) = (String::new(), String::new(), Vec::new());
        for r in 0..thread_rows {
            let _ = writeln!(products, "let a{r} = lhs[(ty + {r}u * 8u) * LHS_STRIDE + k];");
            for v in 0..thread_columns {
                let _ = writeln!(sums, "var sum{r}_{v} = vec4f();");
                sum_names.push(format!("sum{r}_{v}"));
            }
        }
        for (j, component) in ["x", "y", "z", "w"].into_iter().enumerate() {
            for v in 0..thread_columns {
                let _ = writeln!(products, "let b{j}_{v} = rhs[(k * 4u + {j}u) * TILE_VEC4S + tx + {v}u * 8u];");
                for r in 0..thread_rows {
                    let _ = writeln!(products, "sum{r}_{v} += a{r}.{component} * b{j}_{v};");
                }
            }
        }
        let blanks = [
            ("bindings", bindings(&inputs, maps)),
            ("tile_rows", rows.to_string()),
            ("tile_vec4s", vec4s.to_string()),
            ("lhs_len", (rows * 5).to_string()),
            ("rhs_len", (16 * vec4s).to_string()),
            ("upsample_concat", (PrologueMode::UpsampleConcat as u32).to_string()),
            ("affine_relu", (PrologueMode::AffineRelu as u32).to_string()),
            ("gate", (PrologueMode::Gate as u32).to_string()),
            ("same", (ResidualMode::Same as u32).to_string()),
            ("upsampled", (ResidualMode::UpsampledNearest as u32).to_string()),
            ("relu", (Activation::Relu as u32).to_string()),
            ("silu", (Activation::Silu as u32).to_string()),
            ("apply_relu", Activation::Relu.wgsl("vec4f()")),
            ("apply_silu", Activation::Silu.wgsl("vec4f()")),
            ("weight", weight.into()),
            ("dequantize", dequantize.into()),
            ("tile_origins", unroll(lhs_loads, origins)),
            ("sums", sums),
            ("tap_positions", unroll(lhs_loads, positions)),
            ("load_lhs", unroll(lhs_loads, load_lhs)),
            ("load_rhs", unroll(rhs_loads, load_rhs)),
            ("products", products),
            ("thread_vec4s", sum_names.len().to_string()),
            ("thread_columns", thread_columns.to_string()),
            ("sum_list", sum_names.join(", ")),
        ];
        fill_template(include_str!("gemm_conv.wgsl"), &blanks)
    }
}

/// Neighbouring pixels that a thread of the grouped shader computes.
pub(super) const PIXELS_PER_THREAD: usize = 4;

fn grouped_conv(
    depthwise: bool,
    (kernel, stride): (usize, usize),
    activation: Activation,
    types: StorageTypes,
) -> String {
    let v = Precision::Single.wgsl(depthwise);
    let inputs = [("x", types.maps.wgsl(depthwise)), ("weight", types.weights.wgsl(depthwise)), ("bias", v)];
    let zero = format!("{v}()");
    let columns = (PIXELS_PER_THREAD - 1) * stride + kernel;
    let mut products = unroll(columns, "let v# = load_input(line, start + #, first + c);") + "\n";
    for tap in 0..kernel {
        let _ = writeln!(products, "let w{tap} = {v}(weight[at + {tap}u * shape.group_inputs * shape.outputs]);");
        for p in 0..PIXELS_PER_THREAD {
            let _ = writeln!(products, "sum{p} += v{} * w{tap};", p * stride + tap);
        }
    }
    let blanks = [
        ("bindings", bindings(&inputs, types.out.wgsl(depthwise))),
        ("v", v.into()),
        ("kernel", kernel.to_string()),
        ("stride", stride.to_string()),
        ("sums", unroll(PIXELS_PER_THREAD, &format!("var sum# = {zero};"))),
        ("products", products),
        ("stores", unroll(PIXELS_PER_THREAD, "store(row, column + #u, o, sum#);")),
        ("activation", activation.wgsl(&zero)),
    ];
    fill_template(include_str!("grouped_conv.wgsl"), &blanks)
}

fn upsample_bilinear(
    vectorized: bool,
    align_corners: bool,
    (prologue, residual): (UpsamplePrologue, bool),
    (from, to): (Precision, Precision),
) -> String {
    let v = Precision::Single.wgsl(vectorized);
    let mut inputs = vec![("x", from.wgsl(vectorized))];
    if prologue == UpsamplePrologue::AffineRelu {
        inputs.push(("scale_shift", v));
    }
    if residual {
        inputs.push(("residual", to.wgsl(vectorized)));
    }
    let prologue = match prologue {
        UpsamplePrologue::Identity => "value".into(),
        UpsamplePrologue::Relu => format!("max(value, {v}())"),
        UpsamplePrologue::AffineRelu => {
            format!("max(value * scale_shift[c] + scale_shift[shape.channels + c], {v}())")
        }
    };
    let at = if align_corners {
        "f32(position) * f32(size - 1u) / f32(out_size - 1u)"
    } else {
        "max((f32(position) + 0.5) * f32(size) / f32(out_size) - 0.5, 0.0)"
    };
    let add_residual = format!("value += {v}(residual[pixel * shape.channels + c]);");
    let blanks = [
        ("bindings", bindings(&inputs, to.wgsl(vectorized))),
        ("v", v.into()),
        ("prologue", prologue),
        ("at", at.into()),
        ("add_residual", if residual { &add_residual } else { "" }.into()),
    ];
    fill_template(include_str!("upsample_bilinear.wgsl"), &blanks)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use naga::{
        AddressSpace, GlobalVariable,
        front::wgsl,
        valid::{Capabilities, ValidationFlags, Validator},
    };

    use super::*;

    /// Every variant that a device may run.
    fn shaders() -> Vec<Shader> {
        const BOTH: [bool; 2] = [false, true];
        const PRECISIONS: [Precision; 2] = [Precision::Single, Precision::Half];
        const ACTIVATIONS: [Activation; 3] = [Activation::None, Activation::Relu, Activation::Silu];
        let mut all = vec![Shader::SqueezeExcite, Shader::GroupNorm];
        for maps in PRECISIONS {
            all.extend([Shader::ChannelSums { maps }, Shader::ChannelMoments { maps }, Shader::MaxPool { maps }]);
            for large in BOTH {
                let weights = [None, Some(Precision::Single), Some(Precision::Half)];
                all.extend(weights.map(|weights| Shader::GemmConv(GemmConv { large, maps, weights })));
            }
            for (weights, out) in PRECISIONS.into_iter().flat_map(|a| PRECISIONS.map(|b| (a, b))) {
                let types = StorageTypes { maps, weights, out };
                for activation in ACTIVATIONS {
                    all.extend([Shader::StemConv { activation, types }, Shader::OutputHead { activation, types }]);
                    for (depthwise, kernel, stride) in
                        BOTH.into_iter().flat_map(|f| [3, 5].map(|k| [1, 2].map(|s| (f, k, s)))).flatten()
                    {
                        all.push(Shader::GroupedConv { depthwise, kernel, stride, activation, types });
                    }
                }
            }
            for (vectorized, align_corners, residual) in
                BOTH.into_iter().flat_map(|a| BOTH.map(|b| BOTH.map(|c| (a, b, c)))).flatten()
            {
                for prologue in [UpsamplePrologue::Identity, UpsamplePrologue::Relu, UpsamplePrologue::AffineRelu] {
                    let to = PRECISIONS.map(|to| Shader::UpsampleBilinear {
                        vectorized,
                        align_corners,
                        prologue,
                        residual,
                        from: maps,
                        to,
                    });
                    all.extend(to);
                }
            }
        }
        all
    }

    /// The storage buffers of one stage that every WebGPU adapter supports
    /// (`maxStorageBuffersPerShaderStage`).
    const STORAGE_BUFFERS: usize = 8;

    #[test]
    fn every_shader_is_valid_wgsl_with_eight_storage_buffers_at_most() {
        let sources: std::collections::BTreeSet<String> = shaders().into_iter().map(Shader::wgsl).collect();
        assert!(sources.len() > 300, "{}", sources.len());
        for source in sources {
            let module = wgsl::parse_str(&source).unwrap_or_else(|e| panic!("{}", e.emit_to_string(&source)));
            // With no capabilities beyond what the source enables.
            let half =
                if source.contains("enable f16;") { Capabilities::SHADER_FLOAT16 } else { Capabilities::empty() };
            let valid = Validator::new(ValidationFlags::all(), half).validate(&module);
            assert!(valid.is_ok(), "{:?} in\n{source}", valid.err());
            let storage = |(_, v): &(_, &GlobalVariable)| matches!(v.space, AddressSpace::Storage { .. });
            let buffers = module.global_variables.iter().filter(storage).count();
            assert!(buffers <= STORAGE_BUFFERS, "{buffers} storage buffers in\n{source}");
        }
    }

    #[test]
    fn an_invalid_shader_is_refused() {
        assert!(wgsl::parse_str("fn f() -> f32 { return 1u }").is_err());
        let half = wgsl::parse_str("enable f16;\nfn f() -> f16 { return f16(1.0); }").unwrap();
        let mut narrow = Validator::new(ValidationFlags::all(), Capabilities::empty());
        assert!(narrow.validate(&half).is_err());
    }

    #[test]
    #[should_panic(expected = "invariant: every blank")]
    fn an_unfilled_blank_panics() {
        fill_template("fn {{name}}() { {{body}} }", &[("name", "main".into())]);
    }
}
