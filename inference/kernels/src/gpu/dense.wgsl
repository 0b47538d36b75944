// A convolution of one picture as a product of matrices, pixels × (taps · inputs) by (taps · inputs) × outputs, tile by
// tile: 64 threads, each with every eighth row of its tile and every eighth four of outputs. Channels come in fours;
// `shape` counts them so. What goes before and after is chosen by numbers, for pipelines take long to make.
{{bindings}}

const ROWS = {{rows}}u;
const FOURS = {{fours}}u;
// A row of the left tile has one place more than it needs: else the rows that neighbours read share a memory bank.
const STEP = 5u;

var<workgroup> left: array<vec4f, {{left}}>;
var<workgroup> right: array<vec4f, {{right}}>;

// A value of the input; `coarse` is the pixel of a map of half the size.
fn input(pixel: u32, coarse: u32, four: u32) -> vec4f {
    if (shape.input == {{joined}}u) {
        if (four < shape.split) {
            return vec4f(x[coarse * shape.width + four]);
        }
        return vec4f(second[pixel * shape.second_width + four - shape.split]);
    }
    let value = vec4f(x[pixel * shape.width + four]);
    if (shape.input == {{normed}}u) {
        return max(value * factors[four] + factors[shape.channels + four], vec4f());
    }
    if (shape.input == {{gated}}u) {
        return value * factors[four];
    }
    return value;
}

fn weight_at(index: u32) -> vec4f {
    {{weight}}
}

fn store(row: u32, four: u32, sum: vec4f) {
    if (four >= shape.outputs) {
        return;
    }
    var value = sum{{scaled}} + bias[four];
    if (shape.sum == {{same}}u) {
        value += vec4f(added[row * shape.outputs + four]);
    } else if (shape.sum == {{doubled}}u) {
        let half = row / shape.out_columns / 2u * (shape.out_columns / 2u) + row % shape.out_columns / 2u;
        value += vec4f(added[half * shape.outputs + four]);
    }
    if (shape.activation == {{relu}}u) {
        {{as_relu}}
    } else if (shape.activation == {{silu}}u) {
        {{as_silu}}
    }
    // Into maps that grow, or new ones with room for as many channels as come.
    if (four < shape.into_first) {
        value += vec4f(out[row * shape.out_width + four]);
    }
    out[row * shape.out_width + four + select(0u, shape.skipped, four >= shape.into_first)] = stored(value);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) thread: u32) {
    let tx = thread % 8u;
    let ty = thread / 8u;
    let quad = thread % 4u;
    let pixels = shape.out_rows * shape.out_columns;
    let first_row = tile.x * ROWS;
    let first_four = tile.y * FOURS;
    {{origins}}
    {{sums}}
    for (var tap = 0u; tap < shape.kernel * shape.kernel; tap++) {
        let down = i32(tap / shape.kernel);
        let across = i32(tap % shape.kernel);
        {{places}}
        for (var c = 0u; c < shape.channels; c += 4u) {
            let four = c + quad;
            {{load_left}}
            {{load_right}}
            workgroupBarrier();
            for (var k = 0u; k < 4u; k++) {
                {{products}}
            }
            workgroupBarrier();
        }
    }
    // All that a thread has, only here in a list: one that is indexed while it grows would not stay in registers.
    var all = array<vec4f, {{own}}>({{listed}});
    for (var i = 0u; i < {{own}}u; i++) {
        let row = first_row + ty + i / {{own_fours}}u * 8u;
        if (row < pixels) {
            store(row, first_four + tx + i % {{own_fours}}u * 8u, all[i]);
        }
    }
}
