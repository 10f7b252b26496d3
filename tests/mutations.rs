//! Mutation tests of the kernels: each mutation breaks a kernel in one place, and the comparison with the oracle must
//! notice it. TESTING.md lists the mutations.

#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code, reason = "what stands at the threshold is no concern of mutants")]
#[path = "common/kernels.rs"]
mod kernels;

use std::panic::{AssertUnwindSafe, catch_unwind};

use kernels::{Case, Mutation};
use time_traveller::gpu::Gpu;
use time_traveller::gpu::tile::Tile;
use time_traveller::gpu::wgsl;
use time_traveller::kernels::LIBRARY;
use time_traveller::kernels::output_loss::OUTPUT_LOSS;
use time_traveller::network::Kernel;

const fn mutation(kernel: &'static str, from: &'static str, to: &'static str) -> Mutation {
    Mutation { kernel, from, to }
}

#[rustfmt::skip]
const MUTATIONS: &[Mutation] = &[
    // the forward step: time, bias, look-up, transposition, the activation for large and small arguments
    mutation("step_forward", "inputs[time() * dims.batch_padded + row]", "inputs[row]"),
    mutation("step_forward", " + b_h[column / 4u]", ""),
    mutation("step_forward", " + w_xh[token * across + column / 4u]", ""),
    mutation("step_forward", "return mat4x4f(w_hh[at], w_hh[at + across], w_hh[at + 2u * across], w_hh[at + 3u * across])",
        "return transpose(mat4x4f(w_hh[at], w_hh[at + across], w_hh[at + 2u * across], w_hh[at + 3u * across]))"),
    mutation("step_forward", "let far = sign(x) *", "let far ="),
    mutation("step_forward", "x + x * u * p", "x - x * u * p"),
    // all time steps in one dispatch: in order, of all columns
    mutation("step_forward", "current = dims.t + i;", "current = dims.t;"),
    mutation("step_forward", "column < columns; column += PATCH_COLUMNS", "column < min(columns, PATCH_COLUMNS); column += PATCH_COLUMNS"),
    mutation("step_backward", "current = dims.t - i;", "current = dims.t;"),
    // the shared product: wrong blocks, wrong edges
    mutation("step_forward", "c01 += r1 * l0", "c01 += r0 * l0"),
    mutation("step_forward", "c11 += r1 * l1", "c11 += r1 * l0"),
    mutation("step_forward", "k < end;", "k < end - 4u;"),
    mutation("step_forward", "parts[row_at + part * tiles]", "parts[row_at]"),
    mutation("step_forward", "part < SPLIT;", "part + 1u < SPLIT;"),
    mutation("step_forward", "var k = local / tiles * 4u", "var k = 0u"),
    mutation("step_forward", "finish(row + i, column, sum)", "finish(row, column, sum)"),
    mutation("step_forward", "for (; k < end; k += next)", "for (; k + next < end; k += next)"),
    mutation("step_forward", "keep_part(local, 4u, c1);", "keep_part(local, 4u, c0);"),
    mutation("w_hh_grad", "c1 += r2 * left(row + 4u, k + 2u * next)", "c1 += r2 * left(row, k + 2u * next)"),
    mutation("w_hh_grad", "i += SPLIT)", "i += TILE_ROWS)"),
    mutation("w_hh_grad", "c0 += r3 * l3;", "c0 += r3 * l2;"),
    mutation("step_forward", "swap_down(r0)", "r0"),
    mutation("step_forward", "swap_across(l0)", "swap_down(l0)"),
    mutation("step_forward", "finish_block(own_row, other_column, c01)", "finish_block(other_row, own_column, c01)"),
    mutation("output_forward", " + b_q[column / 4u]", ""),
    mutation("output_forward", "(dims.batch_padded + row) * across", "row * across"),
    mutation("softmax_cross_entropy", "dlogits[row + y] -= 1.0", "dlogits[row + y] += 1.0"),
    mutation("softmax_cross_entropy", "1.0 / (sum * positions)", "1.0 / sum"),
    mutation("softmax_cross_entropy", "log(sum) + largest - logits", "log(sum) - logits"),
    mutation("softmax_cross_entropy", "v < dims.vocabulary; v++", "v < dims.vocabulary_padded; v++"),
    // the same three fused
    mutation("output_loss", "(dims.batch_padded + row) * across + k", "row * across + k"),
    mutation("output_loss", "sum = b_q[column];", ""),
    mutation("output_loss", "p < parts;", "p + 1u < parts;"),
    mutation("output_loss", "select(vec4f(LOWEST), shared_rows[begin + c], tokens_of(c) > vec4f())", "shared_rows[begin + c]"),
    mutation("output_loss", "- largest, vec4f())), tokens_of(c)", "- largest, vec4f())), vec4f(1.0)"),
    mutation("output_loss", "log(sum) + (largest - ", "log(sum) + ("),
    mutation("output_loss", "[y % 4u]", "[0]"),
    mutation("output_loss", " * scale - onehot", " * scale + onehot"),
    mutation("output_loss", "losses[n] = 0.0;", "losses[n] = 1.0;"),
    mutation("output_loss", "let row = tile / across * 4u;", "let row = 0u;"),
    mutation("output_backward", "/ 4u] = product;", "/ 4u] = -product;"),
    mutation("output_backward", "w_hq_t[at + across], w_hq_t[at + 2u * across]", "w_hq_t[at + 2u * across], w_hq_t[at + across]"),
    mutation("step_backward", "1.0 - h * h", "1.0 + h * h"),
    mutation("step_backward", "states[at + dims.batch_padded * across]", "states[at]"),
    mutation("step_backward", "((time() + 1u) * dims.batch_padded + row)", "(time() * dims.batch_padded + row)"),
    mutation("step_backward", "dz[at] + product", "product"),
    mutation("w_hh_grad", "let at = k * across + row / 4u", "let at = (dims.batch_padded + k) * across + row / 4u"),
    mutation("w_hh_grad", "return transpose(mat4x4f(", "return (mat4x4f("),
    mutation("w_hq_grad", "(dims.batch_padded + k) * across", "k * across"),
    mutation("row_sum_grads", "var p = starts[token];", "var p = starts[token] + 1u;"),
    mutation("row_sum_grads", "dz[positions[p] * across", "dz[p * across"),
    mutation("row_sum_grads", "sum += third;", "sum += fourth;"),
    mutation("row_sum_grads", "i < SHARERS;", "i + 1u < SHARERS;"),
    mutation("row_sum_grads", "db_q[column] = sum;", "db_q[column] = -sum;"),
    mutation("row_sum_grads", "sum += dlogits[n * across + column];", "sum += dz[n * across + column];"),
    // the norm without the last parameter in the buffer, b_q
    mutation("grad_norm", "i < arrayLength(&grads);", "i < arrayLength(&grads) - dims.vocabulary_padded / 4u;"),
    mutation("grad_norm", "sum.y += losses[n];", "sum.y -= losses[n];"),
    mutation("sgd_update", "dims.clip / norm", "norm / dims.clip"),
    mutation("sgd_update", "norm > dims.clip", "true"),
    mutation("sgd_update", "sqrt(sums.x + sums.y + sums.z + sums.w)", "sums.x + sums.y + sums.z + sums.w"),
    mutation("sgd_update", "part < arrayLength(&squares);", "part + 1u < arrayLength(&squares);"),
    mutation("sgd_update", "f32(dims.steps * dims.batch)", "f32(dims.steps * dims.batch_padded)"),
    mutation("grad_norm", "metrics[3] = 0.0;", "metrics[3] = 1.0;"),
    mutation("sgd_update", "w - dims", "w + dims"),
    mutation("sgd_update", " * factor", ""),
    mutation("sgd_update", "updated -= ", "updated += "),
    mutation("sgd_update", "transposed[copy.to + (column + c) * copy.rows + row]", "transposed[copy.to + row * copy.columns + column + c]"),
    mutation("sgd_update", "transposed[copy.to + (column + c) * copy.rows + row] = w[c]", "transposed[copy.to + (column + c) * copy.rows + row] = 0.0"),
    // no transposed copy of the last matrix, w_hq
    mutation("sgd_update", "j < arrayLength(&transposes);", "j + 1u < arrayLength(&transposes);"),
    mutation("generate_step", " + b_h[column]", ""),
    mutation("generate_step", "vec4f(h.y)", "vec4f(h.x)"),
    mutation("generate_step", "part < SUM_SHARERS;", "part + 1u < SUM_SHARERS;"),
    mutation("generate_step", "let h = generated_states[dims.t * across + k]", "let h = generated_states[k]"),
    mutation("generate_step", "b_q[v], workgroup == 0u", "b_q[v], false"),
    mutation("generate_step", "b_q[v], workgroup == 0u", "b_q[v], true"),
    mutation("generate_step", "if other > best ||", "if other < best ||"),
    mutation("generate_step", "position < prefix;", "position <= prefix;"),
    mutation("generate_step", "group < groups;", "group + 1u < groups;"),
    mutation("generate_step", "sequence[1u - dims.t] = position + 1u;", "sequence[1u - dims.t] = position;"),
    // all gates of a tile: wrong gates, wrong rows, parts left out
    mutation("lstm_forward", "right(k, column + 8u)", "right(k, column + 12u)"),
    mutation("lstm_forward", "d1 += d * l1;", "d1 += d * l0;"),
    mutation("lstm_forward", "c[2], d[2]", "d[2], c[2]"),
    mutation("lstm_forward", "keep_part(local, 3u, c3)", "keep_part(local, 2u, c3)"),
    mutation("lstm_forward", "parts[at + 8u * TILE_GROUP]", "parts[at + 12u * TILE_GROUP]"),
    mutation("lstm_forward", "i < VECTORS;", "i + 1u < VECTORS;"),
    // gates swapped, an activation, the cell state not carried
    mutation("lstm_forward", "let c = f * cells[at] + i * g;", "let c = i * cells[at] + f * g;"),
    mutation("lstm_forward", "let g = tanh_precise(", "let g = sigmoid("),
    mutation("lstm_forward", "f * cells[at] + ", ""),
    mutation("lstm_forward", "states[at + slot] = o * tanh_precise(c);", "states[at + slot] = o * c;"),
    mutation("lstm_forward", "1.0 / (1.0 + exp(-", "1.0 / (1.0 + exp("),
    mutation("lstm_backward", "dc += dcells[here];", ""),
    mutation("lstm_backward", "time() + 1u < dims.steps", "true"),
    mutation("lstm_backward", "dc * cells[at] * f", "dc * cells[at + slot] * f"),
    mutation("lstm_backward", "d * tanh_c * o * (1.0 - o)", "d * tanh_c * o"),
    mutation("lstm_backward", "(1.0 - g * g)", "g * (1.0 - g)"),
    mutation("lstm_backward", "((time() + 1u) * dims.batch_padded + row)", "(time() * dims.batch_padded + row)"),
    mutation("lstm_generate", "c = f * generated_cells", "c = i * generated_cells"),
    mutation("lstm_generate", "generated_cells[(1u - dims.t) * slot + unit] = c;", ""),
    // the reset gate before and after the product, update gate the wrong way round
    mutation("gru_forward", "gates[4u * at + 3u] + r * of_state", "r * gates[4u * at + 3u] + of_state"),
    mutation("gru_forward", "u * states[at] + (1.0 - u) * n", "(1.0 - u) * states[at] + u * n"),
    mutation("gru_forward", "gates[4u * at] = of_state;", "gates[4u * at] = z_n;"),
    mutation("gru_backward", "k / 12u * 4u + k / 4u % 3u", "k / 12u * 4u + k / 4u % 3u + 1u"),
    mutation("gru_backward", "d += dstates[here];", ""),
    mutation("gru_backward", "dz[4u * at] = dn * r;", "dz[4u * at] = dn;"),
    mutation("gru_backward", "(states[at] - n)", "(states[at + slot] - n)"),
    mutation("gru_generate", "r * (generated_gates[4u * unit] + z_n)", "r * generated_gates[4u * unit] + z_n"),
    mutation("gru_gates", "reset_states[at] = r * states[at];", "reset_states[at] = states[at];"),
    mutation("gru_gates", "gates[3u * at] = sigmoid(gates[3u * at] + z_u);", "gates[3u * at] = sigmoid(gates[3u * at] + z_r);"),
    mutation("gru_candidate", "reset_states[at + 2u * across], reset_states[at + 3u * across]", "r0, r1"),
    mutation("gru_candidate", "(1.0 - u) * n", "n"),
    mutation("gru_candidate_backward", "k / 8u * 3u + k / 4u % 2u", "k / 8u * 3u"),
    mutation("gru_candidate_backward", "dstates[here] = d * u;", "dstates[here] = d;"),
    mutation("gru_candidate_backward", "(states[at] - n)", "(states[at] + n)"),
    mutation("gru_gates_backward", "dstates[here] += product * r;", "dstates[here] += product;"),
    mutation("gru_gates_backward", "product * states[at] * r", "product * r"),
    mutation("gru_gates_backward", "k / 4u * 3u + 2u", "k / 4u * 3u + 1u"),
    mutation("w_hg_grad", "column / 4u % 2u", "0u"),
    mutation("w_hn_grad", "column / 4u * 3u + 2u", "column / 4u * 3u"),
    mutation("w_hn_grad", "return transpose(mat4x4f(", "return (mat4x4f("),
    mutation("gru_generate_gates", "generated_reset[unit] = r * ", "generated_reset[unit] = "),
    mutation("gru_generate_candidate", "return generated_reset[k];", "return generated_reset[0];"),
    mutation("rnn_forward", "gates[at] + product", "product"),
    mutation("rnn_backward", "dh[at] + product", "dh[at]"),
    mutation("rnn_generate", "weight(at + row)", "weight(at)"),
    // a bias forgotten, another layer's states, gates of the input and of the state confused
    mutation("input_look_up", " + b_x[at]", ""),
    mutation("input_look_up", "z = b_h[unit * STATE_GATES + gate];", ""),
    mutation("input_look_up", "let before = CELL_GATES - INPUT_GATES;", "let before = 0u;"),
    mutation("input_product", "product + b_x[at]", "product"),
    mutation("input_product", "(dims.batch_padded + row) * across + k", "row * across + k"),
    mutation("input_product", "for (var g = 0u; g < before; g++)", "for (var g = 1u; g < before; g++)"),
    mutation("input_backward", " + CELL_GATES - INPUT_GATES", ""),
    mutation("input_backward", "k / 4u / INPUT_GATES", "0u"),
    mutation("w_h_grad", "unit * CELL_GATES + column", "unit * STATE_GATES + column"),
    mutation("w_h_grad", "let at = k * across + row / 4u", "let at = (dims.batch_padded + k) * across + row / 4u"),
    mutation("w_x_grad", "(dims.batch_padded + k) * across", "k * across"),
    mutation("w_x_grad", " + CELL_GATES - INPUT_GATES", ""),
    mutation("bias_grads", "i < SHARERS;", "i + 1u < SHARERS;"),
    mutation("bias_grads", "if gate >= before {", "if gate < INPUT_GATES {"),
    mutation("look_up_grads", "positions[p] * row", "p * row"),
    mutation("look_up_grads", "part += dlogits[n * across + column];", ""),
    mutation("look_up_grads", "db_h[unit * STATE_GATES + gate] = sum;", ""),
    mutation("generate_look_up", "position < prefix;", "position <= prefix;"),
    mutation("generate_look_up", "looked_up(token, column)", "looked_up(0u, column)"),
    mutation("generate_product", "(1u - dims.t) * dims.hidden_padded", "dims.t * dims.hidden_padded"),
    mutation("generate_product", "z += b_x[", "z -= b_x["),
    mutation("generate_output", "(1u - dims.t) * across + unit", "dims.t * across + unit"),
    mutation("generate_output", "b_q[v], workgroup == 0u", "b_q[v], true"),
    mutation("momentum_update", "dims.momentum * velocity[i]", "velocity[i]"),
    mutation("momentum_update", " + dims.weight_decay * w", ""),
    mutation("momentum_update", "velocity[i] = v;", ""),
    // without bias correction, with the wrong average
    mutation("adam_moments", "corrections[1] += ", "corrections[1] -= "),
    mutation("adam_moments", "g * g - exp_avg_sq[i]", "g - exp_avg_sq[i]"),
    mutation("adam_moments", "factor * grads[i]", "grads[i]"),
    mutation("adam_update", "dims.learning_rate / corrections[0]", "dims.learning_rate"),
    mutation("adam_update", "sqrt(corrections[1])", "1.0"),
    mutation("adam_update", "sqrt(exp_avg_sq[i])", "exp_avg_sq[i]"),
    mutation("generate_logits", "sum += logit_parts", "sum = logit_parts"),
    mutation("generate_logits", "(next - sequence[2]) * dims.vocabulary", "(next - sequence[2]) * dims.vocabulary_padded"),
    mutation("generate_score", "mine / bitcast<f32>(sampling_parameters[2])", "mine"),
    mutation("generate_score", " + gumbel(place, token)", ""),
    mutation("generate_score", "likelier < sampling_parameters[0]", "likelier <= sampling_parameters[0]"),
    mutation("generate_score", "other > mine ||", "other < mine ||"),
    mutation("generate_score", "&& v < token", ""),
    mutation("generate_score", "sampling_parameters[1] ^ 0x9e3779b9u", "0x9e3779b9u"),
    mutation("generate_score", " ^ place)", ")"),
    mutation("generate_score", "x >> 13u", "x >> 12u"),
    mutation("generate_score", "-log(1.0 - below)", "-log(below)"),
    mutation("generate_score", "next - sequence[2];", "0u;"),
    mutation("generate_score", "group * dims.vocabulary] = 0.0;", "group * dims.vocabulary] = 1.0;"),
];

/// The kernels of all networks, with their output layers apart from the loss and fused with it.
fn all_kernels() -> Vec<&'static Kernel> {
    let networks = all_cases().into_iter().map(|case| case.network);
    networks.flat_map(|network| network.kernels()).map(|stage| stage.kernel).chain([&OUTPUT_LOSS]).collect()
}

fn all_cases() -> Vec<Case> {
    [kernels::cases(), kernels::cases_of_networks()].concat()
}

/// Whether a network calls a kernel on a device.
fn calls(case: &Case, kernel: &str) -> bool {
    case.tile.network(case.network).kernels().iter().any(|stage| stage.kernel.name == kernel)
}

/// The message of the comparison that notices a mutation, if any. Of the tile shapes whose WGSL contains the mutated
/// text, the one with most blocks a thread and the one with most threads a block are compared.
fn what_notices(gpu: &Gpu, mutation: Mutation) -> Option<String> {
    let tiles = [Tile::ALL[3], Tile::ALL[5], Tile::ALL[7], Tile::ALL[10], Tile::ALL[11]];
    let cases = tiles.into_iter().flat_map(|tile| all_cases().into_iter().map(move |case| Case { tile, ..case }));
    cases.into_iter().filter(|case| calls(case, mutation.kernel)).find_map(|case| {
        let stages = case.tile.network(case.network).kernels();
        let kernel = stages.iter().map(|stage| stage.kernel).find(|kernel| kernel.name == mutation.kernel)?;
        if !wgsl::module(LIBRARY, kernel, case.tile, case.network.gates()).contains(mutation.from) {
            return None;
        }
        let case = Case { mutation: Some(mutation), ..case };
        let check = AssertUnwindSafe(|| {
            if mutation.kernel.contains("generate") {
                pollster::block_on(kernels::check_generation(gpu, &case));
            } else {
                pollster::block_on(kernels::check_training_step(gpu, &case));
            }
        });
        let panic = catch_unwind(check).err()?;
        Some(panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "a panic without words".to_owned()))
    })
}

#[test]
fn every_mutant_is_caught() {
    let gpu = pollster::block_on(Gpu::open()).unwrap_or_else(|error| panic!("{error}"));
    std::panic::set_hook(Box::new(|_| ())); // the panics are expected
    let noticed: Vec<_> = MUTATIONS.iter().map(|&mutation| (mutation, what_notices(&gpu, mutation))).collect();
    drop(std::panic::take_hook());
    for (Mutation { kernel, from, to }, notice) in &noticed {
        let notice = notice.as_deref().unwrap_or("NOBODY");
        println!("{kernel}: “{from}” → “{to}”: {}", notice.lines().next().unwrap_or_default());
    }
    let missed = noticed.iter().filter(|(_, notice)| notice.is_none()).count();
    assert_eq!(missed, 0, "mutants that nothing noticed; see the list above");
}

#[test]
fn every_kernel_has_a_mutant() {
    for kernel in all_kernels() {
        assert!(MUTATIONS.iter().any(|mutation| mutation.kernel == kernel.name), "{}", kernel.name);
    }
}
