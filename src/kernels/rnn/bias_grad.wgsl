// db_h = sum_n dz[n], db_q = sum_n dlogits[n]. A workgroup sums 2 x 4 columns; the first workgroups those of db_h, the
// others those of db_q. Thread (x, y) sums rows y, y + 32, ... of four columns, then the 32 partial sums are added.

@group(0) @binding(1) var<storage, read> dz: array<vec4f>; // (N, H)
@group(0) @binding(2) var<storage, read> dlogits: array<vec4f>; // (N, V)
@group(0) @binding(3) var<storage, read_write> db_h: array<vec4f>; // (H)
@group(0) @binding(4) var<storage, read_write> db_q: array<vec4f>; // (V)

var<workgroup> partial: array<vec4f, GROUP>;

@compute @workgroup_size(2, 32)
fn bias_grad(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
    let rows = dims.steps * dims.batch_padded;
    let hidden_across = dims.hidden_padded / 4u;
    let vocabulary_across = dims.vocabulary_padded / 4u;
    let hidden_groups = (hidden_across + 1u) / 2u;
    let of_output = workgroup.x >= hidden_groups;
    let column = select(workgroup.x, workgroup.x - hidden_groups, of_output) * 2u + local.x;
    var sum = vec4f();
    if of_output && column < vocabulary_across {
        for (var n = local.y; n < rows; n += 32u) {
            sum += dlogits[n * vocabulary_across + column];
        }
    } else if !of_output && column < hidden_across {
        for (var n = local.y; n < rows; n += 32u) {
            sum += dz[n * hidden_across + column];
        }
    }
    partial[local.y * 2u + local.x] = sum;
    workgroupBarrier();
    for (var half = 16u; half > 0u; half /= 2u) {
        if local.y < half {
            partial[local.y * 2u + local.x] += partial[(local.y + half) * 2u + local.x];
        }
        workgroupBarrier();
    }
    if local.y > 0u {
        return;
    }
    sum = partial[local.x];
    if of_output && column < vocabulary_across {
        db_q[column] = sum;
    } else if !of_output && column < hidden_across {
        db_h[column] = sum;
    }
}
