//! The shaders' texts: the files beside this one with their blanks filled in. Sizes are data, so that one pipeline serves
//! many layers; what changes the text is in [`Kernel`], which names the pipeline.

use std::fmt::Write as _;

use crate::{Activation, Precision};

impl Activation {
    /// A statement; `zero` is the zero of the value's type.
    fn text(self, zero: &str) -> String {
        match self {
            Self::None => String::new(),
            Self::Relu => format!("value = max(value, {zero});"),
            Self::Silu => format!("value /= 1.0 + {};", exponential(zero)),
        }
    }
}

/// exp(−value), kept finite.
fn exponential(zero: &str) -> String {
    format!("exp(-max(value, {zero} - 80.0))")
}

/// What is done to a dense convolution's input as it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    Plain,
    /// max(0, x · a + b), a and b a channel.
    Normed,
    /// x · gate, a channel.
    Gated,
    /// The channels of a map of half the size, doubled by repetition, and behind them those of another.
    Joined,
}

/// What is added to a convolution's result before its activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sum {
    Nothing,
    Same,
    /// A map of half the size, doubled by repetition.
    Doubled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Dense {
    pub large: bool,
    pub maps: Precision,
    /// `None`: they are bytes, four a word.
    pub weights: Option<Precision>,
}

impl Dense {
    /// Rows of a tile, and fours of outputs.
    pub fn tile(self) -> (usize, usize) {
        if self.large { (64, 16) } else { (32, 8) }
    }
}

/// How the other convolutions' tensors are stored; biases are f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Types {
    pub maps: Precision,
    pub weights: Precision,
    pub out: Precision,
}

/// What is done to maps before they are enlarged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum First {
    Nothing,
    /// max(0, x).
    Rectified,
    /// max(0, x · a + b), a and b a channel.
    Normed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kernel {
    Dense(Dense),
    Stem {
        activation: Activation,
        types: Types,
    },
    Head {
        activation: Activation,
        types: Types,
    },
    Grouped {
        fours: bool,
        kernel: usize,
        stride: usize,
        activation: Activation,
        types: Types,
    },
    Sums {
        maps: Precision,
    },
    Moments {
        maps: Precision,
    },
    Gate,
    Norms,
    /// What is added is stored as what comes of it.
    Enlarge {
        fours: bool,
        aligned: bool,
        first: First,
        added: bool,
        from: Precision,
        to: Precision,
    },
    Pool {
        maps: Precision,
    },
}

/// Channels that a gate may have at most, and its hidden layer.
pub(super) const GATED: [usize; 2] = [1152, 64];
/// Channels that can be normalised in groups at most.
pub(super) const NORMED: usize = 256;

macro_rules! shape {
    ($($field:ident),* $(,)?) => {
        /// A dispatch's sizes, as the shaders know them; each tells in which units it counts channels.
        #[derive(Debug, Clone, Copy, Default)]
        pub(super) struct Shape { $(pub $field: usize),* }

        impl Shape {
            const TEXT: &str = concat!("struct Shape { ", $(stringify!($field), ": u32, "),*, "}\n");

            /// Two numbers a word.
            pub fn words(self) -> Vec<u64> {
                let numbers = [$(self.$field as u64),*];
                numbers.chunks(2).map(|pair| pair[0] | pair.get(1).map_or(0, |high| high << 32)).collect()
            }
        }
    };
}

shape!(
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
    before,
    input,
    split,
    second_width,
    sum,
    activation,
    into_first,
    skipped,
    per_in,
    per_out,
    parts,
    hidden,
    per_group,
);

impl Precision {
    /// The type of a value, or of four, in WGSL.
    const fn text(self, fours: bool) -> &'static str {
        match (self, fours) {
            (Self::Single, false) => ONE,
            (Self::Single, true) => FOUR,
            (Self::Half, false) => "f16",
            (Self::Half, true) => "vec4h",
        }
    }
}

/// The declarations of what is bound, in order, and `stored`, which makes of a value what `out` holds.
fn bindings(read: &[(&str, &str)], out: &str) -> String {
    let half = |of: &str| of == "f16" || of == "vec4h";
    let enabled = if half(out) || read.iter().any(|(_, of)| half(of)) { "enable f16;\n" } else { "" };
    let mut text = format!("{enabled}{}", Shape::TEXT);
    for (i, (name, of)) in read.iter().enumerate() {
        let _ = writeln!(text, "@group(0) @binding({i}) var<storage, read> {name}: array<{of}>;");
    }
    let _ = writeln!(text, "@group(0) @binding({}) var<storage, read_write> out: array<{out}>;", read.len());
    let _ = writeln!(text, "@group(0) @binding({}) var<uniform> shape: Shape;", read.len() + 1);
    // What f16 has no room for becomes its largest value, and never infinite.
    let (of, value) = match out {
        "f16" => (ONE, "f16(clamp(value, -65504.0, 65504.0))"),
        "vec4h" => (FOUR, "vec4h(clamp(value, vec4f(-65504.0), vec4f(65504.0)))"),
        _ => (out, "value"),
    };
    let _ = writeln!(text, "fn stored(value: {of}) -> {out} {{ return {value}; }}");
    text
}

fn filled(template: &str, blanks: &[(&str, String)]) -> String {
    let mut text = String::from(template);
    for (name, value) in blanks {
        text = text.replace(&format!("{{{{{name}}}}}"), value);
    }
    assert!(!text.contains("{{"), "invariant: every blank of a shader is filled; one is left in {text}");
    text
}

/// `line` for each number below `count`, in which `#` stands for it.
fn each(count: usize, line: &str) -> String {
    (0..count).map(|i| line.replace('#', &i.to_string())).collect::<Vec<_>>().join("\n")
}

const ONE: &str = "f32";
const FOUR: &str = "vec4f";

impl Kernel {
    /// Threads of a workgroup.
    pub fn threads(self) -> u32 {
        match self {
            Self::Sums { .. } | Self::Moments { .. } | Self::Gate | Self::Norms => 256,
            _ => 64,
        }
    }

    /// What its result is stored in.
    pub fn written(self) -> Precision {
        match self {
            Self::Dense(Dense { maps, .. }) | Self::Pool { maps } => maps,
            Self::Stem { types, .. } | Self::Head { types, .. } | Self::Grouped { types, .. } => types.out,
            Self::Enlarge { to, .. } => to,
            Self::Sums { .. } | Self::Moments { .. } | Self::Gate | Self::Norms => Precision::Single,
        }
    }

    pub fn text(self) -> String {
        match self {
            Self::Dense(dense) => dense.text(),
            Self::Stem { activation, types } => {
                let read = [("x", types.maps.text(false)), ("weight", types.weights.text(true)), ("bias", FOUR)];
                let blanks =
                    [("bindings", bindings(&read, types.out.text(true))), ("activation", activation.text("vec4f()"))];
                filled(include_str!("stem.wgsl"), &blanks)
            }
            Self::Head { activation, types } => {
                let read = [("x", types.maps.text(true)), ("weight", types.weights.text(true)), ("bias", ONE)];
                let blanks =
                    [("bindings", bindings(&read, types.out.text(false))), ("activation", activation.text("0.0"))];
                filled(include_str!("head.wgsl"), &blanks)
            }
            Self::Grouped { fours, kernel, stride, activation, types } => {
                grouped(fours, (kernel, stride), activation, types)
            }
            Self::Sums { maps } => {
                filled(include_str!("sums.wgsl"), &[("bindings", bindings(&[("x", maps.text(true))], FOUR))])
            }
            Self::Moments { maps } => {
                filled(include_str!("moments.wgsl"), &[("bindings", bindings(&[("x", maps.text(true))], FOUR))])
            }
            Self::Gate => {
                let names = ["sums", "squeeze", "squeeze_bias", "excite", "excite_bias"];
                let blanks = [
                    ("bindings", bindings(&names.map(|name| (name, ONE)), ONE)),
                    ("most", GATED[0].to_string()),
                    ("silu", Activation::Silu.text("0.0")),
                    ("sigmoid", format!("value = 1.0 / (1.0 + {});", exponential("0.0"))),
                ];
                filled(include_str!("gate.wgsl"), &blanks)
            }
            Self::Norms => {
                let blanks = [("bindings", bindings(&["moments", "gamma", "beta"].map(|name| (name, ONE)), ONE))];
                filled(include_str!("norms.wgsl"), &blanks)
            }
            Self::Enlarge { fours, aligned, first, added, from, to } => {
                enlarge(fours, aligned, (first, added), (from, to))
            }
            Self::Pool { maps } => {
                let of = maps.text(true);
                filled(include_str!("pool.wgsl"), &[("bindings", bindings(&[("x", of)], of))])
            }
        }
    }
}

impl Dense {
    fn text(self) -> String {
        let (rows, fours) = self.tile();
        let (own_rows, own_fours) = (rows / 8, fours / 8);
        let maps = self.maps.text(true);
        let mut read = vec![("x", maps), ("second", maps), ("factors", FOUR), ("bias", FOUR)];
        let (scaled, weight) = if let Some(weights) = self.weights {
            read.extend([("added", maps), ("weight", weights.text(true))]);
            ("", "return vec4f(weight[index]);")
        } else {
            read.extend([("scale", FOUR), ("added", maps), ("weight", "u32")]);
            let unpacked = "let four = bitcast<vec4i>(vec4u(weight[index]));
    return vec4f((four << vec4u(24u, 16u, 8u, 0u)) >> vec4u(24u));";
            (" * scale[four]", unpacked)
        };
        // 64 threads fetch four fours of a row of the left tile, 16 rows at a time; the right one's in its order.
        let lefts = rows / 16;
        let rights = fours / 4;
        let origins = "let row# = first_row + thread / 4u + #u * 16u;
    let y# = i32(row# / shape.out_columns * shape.stride) - i32(shape.before);
    let x# = i32(row# % shape.out_columns * shape.stride) - i32(shape.before);";
        let places = "let inside# = row# < pixels && y# + down >= 0 && y# + down < i32(shape.rows)
            && x# + across >= 0 && x# + across < i32(shape.columns);
        let pixel# = u32((y# + down) * i32(shape.columns) + x# + across);
        let coarse# = u32(((y# + down) >> 1u) * i32(shape.columns / 2u) + ((x# + across) >> 1u));";
        let load_left = "var value# = vec4f();
            if (inside# && four < shape.channels) {
                value# = input(pixel#, coarse#, four);
            }
            left[(thread / 4u + #u * 16u) * STEP + quad] = value#;";
        let load_right = "let k# = (thread + #u * 64u) / FOURS;
            let n# = first_four + (thread + #u * 64u) % FOURS;
            var weight# = vec4f();
            if (c * 4u + k# < shape.channels * 4u && n# < shape.outputs) {
                weight# = weight_at(((tap * shape.channels + c) * 4u + k#) * shape.outputs + n#);
            }
            right[thread + #u * 64u] = weight#;";
        let (mut products, mut sums, mut listed) = (String::new(), String::new(), Vec::new());
        for r in 0..own_rows {
            let _ = writeln!(products, "let a{r} = left[(ty + {r}u * 8u) * STEP + k];");
            for v in 0..own_fours {
                let _ = writeln!(sums, "var sum{r}_{v} = vec4f();");
                listed.push(format!("sum{r}_{v}"));
            }
        }
        for (j, part) in ["x", "y", "z", "w"].into_iter().enumerate() {
            for v in 0..own_fours {
                let _ = writeln!(products, "let b{j}_{v} = right[(k * 4u + {j}u) * FOURS + tx + {v}u * 8u];");
                for r in 0..own_rows {
                    let _ = writeln!(products, "sum{r}_{v} += a{r}.{part} * b{j}_{v};");
                }
            }
        }
        let blanks = [
            ("bindings", bindings(&read, maps)),
            ("rows", rows.to_string()),
            ("fours", fours.to_string()),
            ("left", (rows * 5).to_string()),
            ("right", (16 * fours).to_string()),
            ("joined", (Input::Joined as u32).to_string()),
            ("normed", (Input::Normed as u32).to_string()),
            ("gated", (Input::Gated as u32).to_string()),
            ("same", (Sum::Same as u32).to_string()),
            ("doubled", (Sum::Doubled as u32).to_string()),
            ("relu", (Activation::Relu as u32).to_string()),
            ("silu", (Activation::Silu as u32).to_string()),
            ("as_relu", Activation::Relu.text("vec4f()")),
            ("as_silu", Activation::Silu.text("vec4f()")),
            ("weight", weight.into()),
            ("scaled", scaled.into()),
            ("origins", each(lefts, origins)),
            ("sums", sums),
            ("places", each(lefts, places)),
            ("load_left", each(lefts, load_left)),
            ("load_right", each(rights, load_right)),
            ("products", products),
            ("own", listed.len().to_string()),
            ("own_fours", own_fours.to_string()),
            ("listed", listed.join(", ")),
        ];
        filled(include_str!("dense.wgsl"), &blanks)
    }
}

/// Outputs that a thread of the grouped kernel has, beside each other.
pub(super) const RUN: usize = 4;

fn grouped(fours: bool, (kernel, stride): (usize, usize), activation: Activation, types: Types) -> String {
    let v = Precision::Single.text(fours);
    let read = [("x", types.maps.text(fours)), ("weight", types.weights.text(fours)), ("bias", v)];
    let zero = format!("{v}()");
    let mut products = each((RUN - 1) * stride + kernel, "let v# = input(line, start + #, first + c);") + "\n";
    for tap in 0..kernel {
        let _ = writeln!(products, "let w{tap} = {v}(weight[at + {tap}u * shape.per_in * shape.outputs]);");
        for p in 0..RUN {
            let _ = writeln!(products, "sum{p} += v{} * w{tap};", p * stride + tap);
        }
    }
    let blanks = [
        ("bindings", bindings(&read, types.out.text(fours))),
        ("v", v.into()),
        ("kernel", kernel.to_string()),
        ("stride", stride.to_string()),
        ("sums", each(RUN, &format!("var sum# = {zero};"))),
        ("products", products),
        ("stores", each(RUN, "store(row, column + #u, o, sum#);")),
        ("activation", activation.text(&zero)),
    ];
    filled(include_str!("grouped.wgsl"), &blanks)
}

fn enlarge(fours: bool, aligned: bool, (first, added): (First, bool), (from, to): (Precision, Precision)) -> String {
    let v = Precision::Single.text(fours);
    let mut read = vec![("x", from.text(fours))];
    if first == First::Normed {
        read.push(("norms", v));
    }
    if added {
        read.push(("added", to.text(fours)));
    }
    let input = match first {
        First::Nothing => "value".into(),
        First::Rectified => format!("max(value, {v}())"),
        First::Normed => format!("max(value * norms[c] + norms[shape.channels + c], {v}())"),
    };
    let at = if aligned {
        "f32(place) * f32(size - 1u) / f32(out_size - 1u)"
    } else {
        "max((f32(place) + 0.5) * f32(size) / f32(out_size) - 0.5, 0.0)"
    };
    let add = format!("value += {v}(added[pixel * shape.channels + c]);");
    let blanks = [
        ("bindings", bindings(&read, to.text(fours))),
        ("v", v.into()),
        ("input", input),
        ("at", at.into()),
        ("add", if added { &add } else { "" }.into()),
    ];
    filled(include_str!("enlarge.wgsl"), &blanks)
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

    /// Every text that a device may be given.
    fn kernels() -> Vec<Kernel> {
        const BOTH: [bool; 2] = [false, true];
        const PRECISIONS: [Precision; 2] = [Precision::Single, Precision::Half];
        const ACTIVATIONS: [Activation; 3] = [Activation::None, Activation::Relu, Activation::Silu];
        let mut all = vec![Kernel::Gate, Kernel::Norms];
        for maps in PRECISIONS {
            all.extend([Kernel::Sums { maps }, Kernel::Moments { maps }, Kernel::Pool { maps }]);
            for large in BOTH {
                let weights = [None, Some(Precision::Single), Some(Precision::Half)];
                all.extend(weights.map(|weights| Kernel::Dense(Dense { large, maps, weights })));
            }
            for (weights, out) in PRECISIONS.into_iter().flat_map(|a| PRECISIONS.map(|b| (a, b))) {
                let types = Types { maps, weights, out };
                for activation in ACTIVATIONS {
                    all.extend([Kernel::Stem { activation, types }, Kernel::Head { activation, types }]);
                    for (fours, kernel, stride) in
                        BOTH.into_iter().flat_map(|f| [3, 5].map(|k| [1, 2].map(|s| (f, k, s)))).flatten()
                    {
                        all.push(Kernel::Grouped { fours, kernel, stride, activation, types });
                    }
                }
            }
            for (fours, aligned, added) in
                BOTH.into_iter().flat_map(|a| BOTH.map(|b| BOTH.map(|c| (a, b, c)))).flatten()
            {
                for first in [First::Nothing, First::Rectified, First::Normed] {
                    let to = PRECISIONS.map(|to| Kernel::Enlarge { fours, aligned, first, added, from: maps, to });
                    all.extend(to);
                }
            }
        }
        all
    }

    /// Storage buffers of a module in one stage: what every WebGPU adapter has at least
    /// (`maxStorageBuffersPerShaderStage`).
    const STORAGE_BUFFERS: usize = 8;

    #[test]
    fn every_shader_is_valid_wgsl_with_eight_storage_buffers_at_most() {
        let texts: std::collections::BTreeSet<String> = kernels().into_iter().map(Kernel::text).collect();
        assert!(texts.len() > 300, "{}", texts.len());
        for text in texts {
            let module = wgsl::parse_str(&text).unwrap_or_else(|e| panic!("{}", e.emit_to_string(&text)));
            // With no more capabilities than the text asks for.
            let half = if text.contains("enable f16;") { Capabilities::SHADER_FLOAT16 } else { Capabilities::empty() };
            let valid = Validator::new(ValidationFlags::all(), half).validate(&module);
            assert!(valid.is_ok(), "{:?} in\n{text}", valid.err());
            let storage = |(_, v): &(_, &GlobalVariable)| matches!(v.space, AddressSpace::Storage { .. });
            let buffers = module.global_variables.iter().filter(storage).count();
            assert!(buffers <= STORAGE_BUFFERS, "{buffers} storage buffers in\n{text}");
        }
    }

    #[test]
    fn a_shader_with_a_fault_is_refused() {
        assert!(wgsl::parse_str("fn f() -> f32 { return 1u }").is_err());
        let half = wgsl::parse_str("enable f16;\nfn f() -> f16 { return f16(1.0); }").unwrap();
        let mut narrow = Validator::new(ValidationFlags::all(), Capabilities::empty());
        assert!(narrow.validate(&half).is_err());
    }

    #[test]
    #[should_panic(expected = "invariant: every blank")]
    fn a_blank_that_is_left_is_no_shader() {
        filled("fn {{name}}() { {{body}} }", &[("name", "main".into())]);
    }
}
