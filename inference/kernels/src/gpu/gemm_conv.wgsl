// Convolution of one picture as a matrix product (im2col), [pixels, taps · inputs] by
// [taps · inputs, outputs], tile by tile. A workgroup of 64 threads computes one tile; each thread
// has every eighth row and every eighth vec4 of output channels. `shape` counts channels in vec4s.
// Prologue, residual and activation are selected by numbers: pipelines take long to compile.
{{bindings}}

const TILE_ROWS = {{tile_rows}}u;
const TILE_VEC4S = {{tile_vec4s}}u;
// vec4s between two rows of the lhs tile: one more than a row has, so that the rows which
// neighbouring threads read are in different memory banks.
const LHS_STRIDE = 5u;

var<workgroup> lhs: array<vec4f, {{lhs_len}}>;
var<workgroup> rhs: array<vec4f, {{rhs_len}}>;

// Returns four channels of the input after the prologue. `coarse` is the pixel's index in feature
// maps of half the size.
fn load_input(pixel: u32, coarse: u32, channel4: u32) -> vec4f {
    if (shape.prologue == {{upsample_concat}}u) {
        if (channel4 < shape.concat_split) {
            return vec4f(x[coarse * shape.width + channel4]);
        }
        return vec4f(second[pixel * shape.second_width + channel4 - shape.concat_split]);
    }
    let value = vec4f(x[pixel * shape.width + channel4]);
    if (shape.prologue == {{affine_relu}}u) {
        return max(value * scale_shift[channel4] + scale_shift[shape.channels + channel4], vec4f());
    }
    if (shape.prologue == {{gate}}u) {
        return value * scale_shift[channel4];
    }
    return value;
}

fn load_weight(index: u32) -> vec4f {
    {{weight}}
}

fn store_sum(row: u32, channel4: u32, sum: vec4f) {
    if (channel4 >= shape.outputs) {
        return;
    }
    var value = sum{{dequantize}} + bias[channel4];
    if (shape.residual == {{same}}u) {
        value += vec4f(residual[row * shape.outputs + channel4]);
    } else if (shape.residual == {{upsampled}}u) {
        let half = row / shape.out_columns / 2u * (shape.out_columns / 2u) + row % shape.out_columns / 2u;
        value += vec4f(residual[half * shape.outputs + channel4]);
    }
    if (shape.activation == {{relu}}u) {
        {{apply_relu}}
    } else if (shape.activation == {{silu}}u) {
        {{apply_silu}}
    }
    // Dual path: the first channels are accumulated, the others stored behind the skipped ones.
    if (channel4 < shape.accumulated) {
        value += vec4f(out[row * shape.out_width + channel4]);
    }
    out[row * shape.out_width + channel4 + select(0u, shape.skipped, channel4 >= shape.accumulated)] = to_storage(value);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) thread: u32) {
    let tx = thread % 8u;
    let ty = thread / 8u;
    let quad = thread % 4u;
    let pixels = shape.out_rows * shape.out_columns;
    let first_row = tile.x * TILE_ROWS;
    let first_channel4 = tile.y * TILE_VEC4S;
    {{tile_origins}}
    {{sums}}
    for (var tap = 0u; tap < shape.kernel * shape.kernel; tap++) {
        let ky = i32(tap / shape.kernel);
        let kx = i32(tap % shape.kernel);
        {{tap_positions}}
        for (var c = 0u; c < shape.channels; c += 4u) {
            let channel4 = c + quad;
            {{load_lhs}}
            {{load_rhs}}
            workgroupBarrier();
            for (var k = 0u; k < 4u; k++) {
                {{products}}
            }
            workgroupBarrier();
        }
    }
    // An array only here: one that is indexed inside the loop would not stay in registers.
    var sums = array<vec4f, {{thread_vec4s}}>({{sum_list}});
    for (var i = 0u; i < {{thread_vec4s}}u; i++) {
        let row = first_row + ty + i / {{thread_columns}}u * 8u;
        if (row < pixels) {
            store_sum(row, first_channel4 + tx + i % {{thread_columns}}u * 8u, sums[i]);
        }
    }
}
