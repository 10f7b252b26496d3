// Measures a peer.

/**
 * Trains from the case's parameters on its minibatches: one to compile, one or two to estimate the speed, then, timed,
 * as many as take about `seconds`, or all the rest.
 *
 * A trainer has
 *   step(minibatch): trains from the previous step's state and parameters; may return before it is done;
 *   losses(): waits for all steps; resolves to the losses since the last call, in nats;
 *   parameters(): resolves to a Float32Array for each parameter, in the order of the case.
 * Nothing is read back within an epoch, as in our own engine.
 */
export async function measureTrainer(trainer, theCase, seconds, device) {
    const { minibatches, sizes } = theCase;
    const losses = [];
    let at = 0;
    const train = async count => {
        for (const end = at + count; at < end; at += 1) {
            if (minibatches[at].begins && at > 0) {
                losses.push(...(await trainer.losses()));
            }
            trainer.step(minibatches[at]);
        }
        losses.push(...(await trainer.losses()));
    };
    const timed = async count => {
        const start = performance.now();
        await train(count);
        return (performance.now() - start) / 1000;
    };
    await train(1);
    let one = await timed(1);
    if (one < seconds / 4) {
        one = await timed(1); // browsers take a while to warm up
    }
    const count = Math.min(Math.max(Math.round(seconds / one), 1), minibatches.length - at);
    const taken = await timed(count);
    return {
        device,
        tokens: count * sizes.batch * sizes.steps,
        seconds: taken,
        span: "minibatch",
        losses,
        parameters: base64(await trainer.parameters()),
    };
}

/** The concatenated bytes of Float32Arrays in base64. Browsers only run on little-endian machines. */
function base64(arrays) {
    let text = "";
    for (const { buffer, byteOffset, byteLength } of arrays) {
        const bytes = new Uint8Array(buffer, byteOffset, byteLength);
        for (let at = 0; at < bytes.length; at += 0x8000) {
            text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
        }
    }
    return btoa(text);
}

/** The GPU's name, as far as the browser reveals it. */
export async function gpuName() {
    const info = (await navigator.gpu?.requestAdapter())?.info;
    return [info?.vendor, info?.architecture].filter(part => part).join(" ") || "a GPU that does not say its name";
}
