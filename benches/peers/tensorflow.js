// TensorFlow.js, with automatic gradients, or with gradients written by hand.

import { NAMES } from "./case.js";
import { gpuName, measureTrainer } from "./training.js";

const PACKAGES = "node_modules/@tensorflow/";

export async function measure(theCase, { backend, gradients, threads }, seconds) {
    const { tf, device } = await open(backend, threads === "all" ? navigator.hardwareConcurrency : 1);
    return measureTrainer(new Trainer(tf, theCase, gradients), theCase, seconds, device);
}

/** Resolves to the library on this backend, and the name of the device. */
export async function open(backend, threads = 1) {
    await load(`${PACKAGES}tfjs/dist/tf.min.js`); // tfjs-core has no gradients
    await load(`${PACKAGES}tfjs-backend-${backend}/dist/tf-backend-${backend}.min.js`);
    const tf = window.tf;
    if (backend === "wasm") {
        tf.wasm.setWasmPaths(new URL(`${PACKAGES}tfjs-backend-wasm/dist/`, document.baseURI).href);
        tf.wasm.setThreadsCount(threads);
    }
    if (!(await tf.setBackend(backend))) {
        throw new Error(`TensorFlow.js has no backend ${backend} here`);
    }
    await tf.ready();
    return { tf, device: backend === "webgpu" ? await gpuName() : await wasmName(tf, threads) };
}

async function wasmName(tf, threads) {
    const has = async what => tf.env().getAsync(`WASM_HAS_${what}_SUPPORT`);
    const several = threads > 1 && (await has("MULTITHREAD"));
    return `WebAssembly, ${(await has("SIMD")) ? "SIMD" : "no SIMD"}, ${several ? `${threads} threads` : "one thread"}`;
}

function load(src) {
    return new Promise((resolve, reject) => {
        const script = Object.assign(document.createElement("script"), { src, onload: resolve });
        script.onerror = () => reject(new Error(`${src} can't be loaded`));
        document.head.append(script);
    });
}

class Trainer {
    #waiting = [];

    constructor(tf, { config, sizes, parameters }, gradients) {
        this.tf = tf;
        this.gradients = gradients === "automatic" ? this.automatic : this.byHand;
        this.config = config;
        this.sizes = sizes;
        this.p = {};
        for (const name of NAMES) {
            this.p[name] = tf.tensor(parameters[name].numbers, parameters[name].shape);
        }
        this.zero = tf.zeros([sizes.batch, sizes.hidden]);
        this.state = this.zero.clone();
    }

    step({ begins, inputs, targets }) {
        const tf = this.tf;
        const before = [this.state, ...Object.values(this.p)];
        const { loss, state, ...p } = tf.tidy(() => {
            const { loss, grads, state } = this.gradients(begins ? this.zero : this.state, inputs, targets);
            return { loss, state, ...this.update(grads) };
        });
        before.forEach(tensor => tensor.dispose());
        this.p = p;
        this.state = state;
        this.#waiting.push(loss);
    }

    /** The one-hot encoding of ids (T·B): (T·B, V). */
    oneHot(ids) {
        const { tf, sizes } = this;
        // The WebAssembly backend ignores the dtype argument and returns integers.
        return tf.cast(tf.oneHot(tf.tensor1d(ids, "int32"), sizes.vocabulary), "float32");
    }

    /** The rows of time step t: (B, H) of (T·B, H). */
    at(tensor, t) {
        const { batch, hidden } = this.sizes;
        return this.tf.slice(tensor, [t * batch, 0], [batch, hidden]);
    }

    forward(p, h0, x, y) {
        const { tf } = this;
        const { batch, steps } = this.sizes;
        const fromTokens = tf.add(tf.matMul(x, p.w_xh), p.b_h);
        const states = [h0];
        for (let t = 0; t < steps; t += 1) {
            states.push(tf.tanh(tf.add(this.at(fromTokens, t), tf.matMul(states[t], p.w_hh))));
        }
        const right = tf.concat(states.slice(1));
        const logs = tf.logSoftmax(tf.add(tf.matMul(right, p.w_hq), p.b_q));
        const loss = tf.neg(tf.div(tf.sum(tf.mul(y, logs)), steps * batch));
        return { states, right, logs, loss };
    }

    /** With automatic differentiation, as users of TensorFlow.js write it. */
    automatic(h0, inputs, targets) {
        const { tf } = this;
        const [x, y] = [this.oneHot(inputs), this.oneHot(targets)];
        let state;
        const lossOf = (...parameters) => {
            const p = Object.fromEntries(NAMES.map((name, i) => [name, parameters[i]]));
            const { states, loss } = this.forward(p, h0, x, y);
            state = tf.keep(states.at(-1));
            return loss;
        };
        const { value, grads } = tf.valueAndGrads(lossOf)(NAMES.map(name => this.p[name]));
        return { loss: value, grads: Object.fromEntries(NAMES.map((name, i) => [name, grads[i]])), state };
    }

    /**
     * As fast as possible with TensorFlow.js: `automatic` adds up 35 products of the size of `w_hh`, where one tall
     * product is enough.
     */
    byHand(h0, inputs, targets) {
        const { tf, p } = this;
        const { batch, steps } = this.sizes;
        const [x, y] = [this.oneHot(inputs), this.oneHot(targets)];
        const { states, right, logs, loss } = this.forward(p, h0, x, y);
        const left = tf.concat(states.slice(0, -1));
        const dlogits = tf.div(tf.sub(tf.exp(logs), y), steps * batch);
        const dh = tf.matMul(dlogits, tf.transpose(p.w_hq));
        const slope = tf.sub(1, tf.square(right));
        // Transposed once, not in each product: the WebAssembly backend multiplies transposed matrices slowly.
        const w_hh_t = tf.transpose(p.w_hh);
        const dz = [];
        for (let t = steps - 1; t >= 0; t -= 1) {
            const back = t + 1 < steps ? tf.add(this.at(dh, t), tf.matMul(dz[0], w_hh_t)) : this.at(dh, t);
            dz.unshift(tf.mul(back, this.at(slope, t)));
        }
        const z = tf.concat(dz);
        const grads = {
            w_xh: tf.matMul(tf.transpose(x), z),
            w_hh: tf.matMul(tf.transpose(left), z),
            b_h: tf.sum(z, 0),
            w_hq: tf.matMul(tf.transpose(right), dlogits),
            b_q: tf.sum(dlogits, 0),
        };
        return { loss, grads, state: states[steps] };
    }

    /** Clips by the global norm, and applies SGD. */
    update(grads) {
        const { tf, config } = this;
        const norm = tf.sqrt(tf.addN(NAMES.map(name => tf.sum(tf.square(grads[name])))));
        const rate = tf.mul(config.lr, tf.minimum(1, tf.div(config.clip, norm)));
        return Object.fromEntries(NAMES.map(name => [name, tf.sub(this.p[name], tf.mul(rate, grads[name]))]));
    }

    async losses() {
        const losses = [];
        for (const tensor of this.#waiting.splice(0)) {
            losses.push((await tensor.data())[0]);
            tensor.dispose();
        }
        await this.p.b_q.data(); // waits for the last update
        return losses;
    }

    parameters() {
        return Promise.all(NAMES.map(name => this.p[name].data()));
    }
}
