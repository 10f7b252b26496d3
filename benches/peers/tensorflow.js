// TensorFlow.js. The gradients are written out: its own (variableGrads) add up 35 products of the size of `w_hh` where
// one tall product will do.

import { NAMES } from "./case.js";
import { gpuName, measureTrainer } from "./training.js";

const PACKAGES = "node_modules/@tensorflow/";

export async function measure(theCase, { backend }, seconds) {
    for (const name of ["core", `backend-${backend}`]) {
        await load(`${PACKAGES}tfjs-${name}/dist/tf-${name}.min.js`);
    }
    const tf = window.tf;
    if (backend === "wasm") {
        tf.wasm.setWasmPaths(new URL(`${PACKAGES}tfjs-backend-wasm/dist/`, document.baseURI).href);
        tf.wasm.setThreadsCount(1);
    }
    if (!(await tf.setBackend(backend))) {
        throw new Error(`TensorFlow.js has no backend ${backend} here`);
    }
    await tf.ready();
    const device = backend === "webgpu" ? await gpuName() : await wasmName(tf);
    return measureTrainer(new Trainer(tf, theCase), theCase, seconds, device);
}

async function wasmName(tf) {
    const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
    return `WebAssembly, ${simd ? "SIMD" : "no SIMD"}, one thread`;
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

    constructor(tf, { config, sizes, parameters }) {
        this.tf = tf;
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

    gradients(h0, inputs, targets) {
        const { tf, p } = this;
        const { batch, steps, hidden, vocabulary } = this.sizes;
        // The WebAssembly backend makes integers of it, whatever type it is asked for.
        const oneHot = ids => tf.cast(tf.oneHot(tf.tensor1d(ids, "int32"), vocabulary), "float32");
        const at = (tensor, t) => tf.slice(tensor, [t * batch, 0], [batch, hidden]);
        const [x, y] = [oneHot(inputs), oneHot(targets)];

        const fromTokens = tf.add(tf.matMul(x, p.w_xh), p.b_h);
        const states = [h0];
        for (let t = 0; t < steps; t += 1) {
            states.push(tf.tanh(tf.add(at(fromTokens, t), tf.matMul(states[t], p.w_hh))));
        }
        const [left, right] = [tf.concat(states.slice(0, -1)), tf.concat(states.slice(1))];
        const logs = tf.logSoftmax(tf.add(tf.matMul(right, p.w_hq), p.b_q));
        const loss = tf.neg(tf.div(tf.sum(tf.mul(y, logs)), steps * batch));

        const dlogits = tf.div(tf.sub(tf.exp(logs), y), steps * batch);
        const dh = tf.matMul(dlogits, tf.transpose(p.w_hq));
        const slope = tf.sub(1, tf.square(right));
        // Transposed once rather than in each product: the WebAssembly backend multiplies transposed ones slowly.
        const w_hh_t = tf.transpose(p.w_hh);
        const dz = [];
        for (let t = steps - 1; t >= 0; t -= 1) {
            const back = t + 1 < steps ? tf.add(at(dh, t), tf.matMul(dz[0], w_hh_t)) : at(dh, t);
            dz.unshift(tf.mul(back, at(slope, t)));
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

    /** Clipping of the global norm, and SGD. */
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
        await this.p.b_q.data(); // the last update
        return losses;
    }

    parameters() {
        return Promise.all(NAMES.map(name => this.p[name].data()));
    }
}
