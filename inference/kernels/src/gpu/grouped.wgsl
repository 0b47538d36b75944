// A grouped convolution, one thread for an output of four pixels beside each other; each channel by itself where V is
// four of them. `shape` counts channels in Vs.
{{bindings}}

fn input(row: u32, column: i32, c: u32) -> {{v}} {
    if (column < 0 || column >= i32(shape.columns)) {
        return {{v}}();
    }
    return {{v}}(x[(row + u32(column)) * shape.width + c]);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let o = id.x % shape.outputs;
    let run = id.x / shape.outputs;
    let runs = (shape.out_columns + 3u) / 4u;
    let row = run / runs;
    let column = run % runs * 4u;
    if (row >= shape.out_rows) {
        return;
    }
    let first = o / shape.per_out * shape.per_in;
    let start = i32(column * {{stride}}u) - i32(shape.before);
    {{sums}}
    for (var down = 0u; down < {{kernel}}u; down++) {
        let y = i32(row * {{stride}}u + down) - i32(shape.before);
        if (y < 0 || y >= i32(shape.rows)) {
            continue;
        }
        let line = u32(y) * shape.columns;
        for (var c = 0u; c < shape.per_in; c++) {
            let at = (down * {{kernel}}u * shape.per_in + c) * shape.outputs + o;
            {{products}}
        }
    }
    {{stores}}
}

fn store(row: u32, column: u32, o: u32, sum: {{v}}) {
    if (column >= shape.out_columns) {
        return;
    }
    var value = sum + bias[o];
    {{activation}}
    out[(row * shape.out_columns + column) * shape.outputs + o] = stored(value);
}
