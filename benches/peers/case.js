// Reads the case that all contestants train on, as the bench has written it.

/** The parameters' names, in the order of the file. */
export const NAMES = ["w_xh", "w_hh", "b_h", "w_hq", "b_q"];

/**
 * Resolves to settings (`config`), `sizes`, `minibatches` ({ begins, inputs, targets }: whether the initial state is
 * zero, and token ids ordered t · B + b) and initial `parameters` ({ shape, numbers: Float32Array } by name).
 */
export async function readCase(folder) {
    const { config, sizes, minibatches } = await (await fetch(`${folder}case.json`)).json();
    const numbers = new Float32Array(await (await fetch(`${folder}parameters.f32`)).arrayBuffer());
    const { batch, steps, hidden, vocabulary } = sizes;
    const byTime = ids => Int32Array.from(ids, (_, n) => ids[(n % batch) * steps + Math.floor(n / batch)]);
    const shapes = [[vocabulary, hidden], [hidden, hidden], [hidden], [hidden, vocabulary], [vocabulary]];
    const parameters = {};
    let at = 0;
    for (const [i, shape] of shapes.entries()) {
        const length = shape.reduce((a, b) => a * b);
        parameters[NAMES[i]] = { shape, numbers: numbers.slice(at, at + length) };
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
