// Reads the case that all contestants share, as the bench writes it.

/** The names of the plain RNN's parameters, in the order of the file. */
export const NAMES = ["w_xh", "w_hh", "b_h", "w_hq", "b_q"];

/**
 * Returns the settings (`config`), the `sizes`, the `minibatches` ({ begins, inputs, targets }: whether the state is
 * zero at the start, and token ids (T·B), index t·B + b) and the initial `parameters` (shape and Float32Array by name).
 */
export async function readCase(folder) {
    const { config, sizes, parameters: shapes, minibatches } = await (await fetch(`${folder}case.json`)).json();
    const numbers = new Float32Array(await (await fetch(`${folder}parameters.f32`)).arrayBuffer());
    const { batch, steps } = sizes;
    const byTime = ids => Int32Array.from(ids, (_, n) => ids[(n % batch) * steps + Math.floor(n / batch)]);
    const parameters = {};
    let at = 0;
    for (const { name, shape } of shapes) {
        const length = shape.reduce((a, b) => a * b);
        parameters[name] = { shape, numbers: numbers.slice(at, at + length) };
        at += length;
    }
    return {
        config,
        sizes,
        minibatches: minibatches.map(({ begins, inputs, targets }) => ({
            begins,
            inputs: byTime(inputs),
            targets: byTime(targets),
        })),
        parameters,
    };
}
