// Max-pooling with a 3×3 kernel, stride 2 and a padding of 1. One thread computes four channels of
// a pixel; `shape` counts channels in vec4s.
{{bindings}}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let c = id.x % shape.channels;
    let pixel = id.x / shape.channels;
    if (pixel >= shape.out_rows * shape.out_columns) {
        return;
    }
    let row = pixel / shape.out_columns * 2u;
    let column = pixel % shape.out_columns * 2u;
    // The middle of the window is inside the picture; the rest of it may not be.
    var value = vec4f(x[(row * shape.columns + column) * shape.width + c]);
    for (var y = max(row, 1u) - 1u; y < min(row + 2u, shape.rows); y++) {
        for (var at = max(column, 1u) - 1u; at < min(column + 2u, shape.columns); at++) {
            value = max(value, vec4f(x[(y * shape.columns + at) * shape.width + c]));
        }
    }
    out[pixel * shape.channels + c] = to_storage(value);
}
