// gates = w_x[x] + b_x + b_h: what the input gives the gates of all time steps. A thread computes a gate of four units.

@group(0) @binding(1) var<storage, read> inputs: array<u32>; // (T, B)
@group(0) @binding(2) var<storage, read> w_x: array<vec4f>; // (V, G * H), the input's gates
@group(0) @binding(3) var<storage, read> b_x: array<vec4f>; // (G * H), the input's gates
@group(0) @binding(4) var<storage, read> b_h: array<vec4f>; // (G * H), the state's gates
@group(0) @binding(5) var<storage, read_write> gates: array<vec4f>; // (N, G * H), all gates

@compute @workgroup_size(GROUP)
fn input_look_up(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let i = invocation(workgroup, workgroups, local, GROUP);
    let across = CELL_GATES * dims.hidden_padded / 4u;
    if i < dims.steps * dims.batch_padded * across {
        gates[i] = looked_up(inputs[i / across], i % across);
    }
}
