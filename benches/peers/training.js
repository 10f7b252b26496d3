// How a peer is measured.

/**
 * Trains from the case's parameters on its successive minibatches: one that compiles, one or two that show how long
 * they take, then, timed, as many as take about `seconds`, or all there are.
 *
 * A trainer has
 *   step(minibatch): trains, on the state and the parameters that the step before left; may return before it is done;
 *   losses(): the losses since the last call, in nats, once all steps are done;
 *   parameters(): all of them, one Float32Array after the other, in the order of the case.
 * Nothing is read within an epoch, as in ours.
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

/** The bytes of several Float32Arrays; they are little-endian wherever there is a browser. */
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

/** What a browser tells of its GPU. */
export async function gpuName() {
    const info = (await navigator.gpu?.requestAdapter())?.info;
    return [info?.vendor, info?.architecture].filter(part => part).join(" ") || "a GPU that does not say its name";
}
