// jax-js: one jitted step, from parameters, state and tokens to the loss and the next parameters and state. Arrays are
// reference-counted by hand: an operation consumes its arguments, `.ref` adds a reference.

import { defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from "@jax-js/jax";

import { NAMES } from "./case.js";
import { gpuName, measureTrainer } from "./training.js";

export async function measure(theCase, { device, gradients }, seconds) {
    if (!(await init(device)).includes(device)) {
        throw new Error(`jax-js has no device ${device} here`);
    }
    defaultDevice(device);
    const name = device === "webgpu" ? await gpuName() : "WebAssembly, one thread";
    return measureTrainer(new Trainer(theCase, gradients), theCase, seconds, name);
}

class Trainer {
    #waiting = [];

    constructor({ config, sizes, parameters }, gradients) {
        this.sizes = sizes;
        this.p = Object.fromEntries(
            NAMES.map(name => [name, np.array(parameters[name].numbers).reshape(parameters[name].shape)]),
        );
        this.state = this.zero();
        this.train = jit(step(config, sizes, gradients === "automatic" ? automatic : byHand));
    }

    zero() {
        return np.zeros([this.sizes.batch, this.sizes.hidden]);
    }

    step({ begins, inputs, targets }) {
        if (begins) {
            this.state.dispose();
            this.state = this.zero();
        }
        const { loss, state, p } = this.train(this.p, this.state, np.array(inputs), np.array(targets));
        this.p = p;
        this.state = state;
        this.#waiting.push(loss);
    }

    async losses() {
        const losses = [];
        for (const loss of this.#waiting.splice(0)) {
            losses.push((await loss.data())[0]);
        }
        await this.p.b_q.ref.data(); // waits for the last update
        return losses;
    }

    parameters() {
        return Promise.all(NAMES.map(name => this.p[name].ref.data()));
    }
}

/** The complete training step; `gradients` computes the gradients. */
function step({ lr, clip }, sizes, gradients) {
    return (p, state, inputs, targets) => {
        const [x, y] = [nn.oneHot(inputs, sizes.vocabulary), nn.oneHot(targets, sizes.vocabulary)];
        const { loss, grads, last } = gradients(p, state, x, y, sizes);
        const squares = NAMES.map(name => np.square(grads[name].ref).sum());
        const norm = np.sqrt(squares.reduce((sum, square) => sum.add(square)));
        const rate = np.minimum(np.reciprocal(norm).mul(clip), 1).mul(lr);
        const next = NAMES.map(name => [name, p[name].sub(grads[name].mul(rate.ref))]);
        rate.dispose();
        return { loss, state: last, p: Object.fromEntries(next) };
    };
}

/** Forward pass. Consumes `state` (B, H), `x` and `y` (T·B, V), but not the parameters; so do both functions below. */
function forward(p, state, x, y, { batch, steps, vocabulary }) {
    const tokens = x.reshape([steps, batch, vocabulary]);
    const states = [state];
    for (let t = 0; t < steps; t += 1) {
        const fromToken = np.matmul(tokens.ref.slice(t), p.w_xh.ref).add(p.b_h.ref);
        states.push(np.tanh(fromToken.add(np.matmul(states[t].ref, p.w_hh.ref))));
    }
    tokens.dispose();
    const right = np.concatenate(states.slice(1).map(h => h.ref));
    const logs = nn.logSoftmax(np.matmul(right.ref, p.w_hq.ref).add(p.b_q.ref));
    const loss = logs.ref.mul(y).sum().div(-steps * batch);
    return { states, right, logs, loss };
}

/** With automatic differentiation, as users of jax-js write it. */
function automatic(p, state, x, y, sizes) {
    const lossAndState = (p, state, x, y) => {
        const { states, right, logs, loss } = forward(p, state, x, y, sizes);
        const last = states.pop();
        [right, logs, ...states, ...Object.values(p)].forEach(array => array.dispose());
        return [loss, last];
    };
    const own = Object.fromEntries(NAMES.map(name => [name, p[name].ref]));
    const [[loss, last], grads] = valueAndGrad(lossAndState, { hasAux: true })(own, state, x, y);
    return { loss, grads, last };
}

/**
 * As fast as possible with jax-js: `automatic` adds up 35 products of the size of `w_hh`, where one tall product is
 * enough and much faster.
 */
function byHand(p, state, x, y, sizes) {
    const { batch, steps } = sizes;
    const { states, right, logs, loss } = forward(p, state, x.ref, y.ref, sizes);
    const left = np.concatenate(states.slice(0, -1).map(h => h.ref));
    const dlogits = np.exp(logs).sub(y).div(steps * batch);
    const dh = np.matmul(dlogits.ref, np.transpose(p.w_hq.ref)).reshape([steps, batch, -1]);
    const w_hh_t = np.transpose(p.w_hh.ref);
    const dz = [];
    for (let t = steps - 1; t >= 0; t -= 1) {
        const own = dh.ref.slice(t);
        const all = t + 1 < steps ? own.add(np.matmul(dz[0].ref, w_hh_t.ref)) : own;
        dz.unshift(all.mul(np.square(states[t + 1].ref).neg().add(1)));
    }
    const z = np.concatenate(dz);
    [dh, w_hh_t, ...states.slice(0, -1)].forEach(array => array.dispose());
    const grads = {
        w_xh: np.matmul(np.transpose(x), z.ref),
        w_hh: np.matmul(np.transpose(left), z.ref),
        b_h: z.sum(0),
        w_hq: np.matmul(np.transpose(right), dlogits.ref),
        b_q: dlogits.sum(0),
    };
    return { loss, grads, last: states[steps] };
}
