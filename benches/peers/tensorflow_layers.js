// TensorFlow.js' own layers, `tf.layers.gru` and `tf.layers.lstm`, with automatic gradients, as its users write them.

import { open } from "./tensorflow.js";
import { measureTrainer } from "./training.js";

/** For each cell, the number of states, and the parameters whose columns are the layer's recurrent kernel. */
const CELLS = {
    gru: { states: 1, recurrent: ["w_hg", "w_hn"] },
    lstm: { states: 2, recurrent: ["w_h"] },
};

export async function measure(theCase, { backend, cell }, seconds) {
    const { tf, device } = await open(backend);
    return measureTrainer(new Trainer(tf, cell, theCase), theCase, seconds, device);
}

class Trainer {
    #waiting = [];

    constructor(tf, cell, { config, sizes, parameters }) {
        const { batch, steps, hidden, vocabulary } = sizes;
        Object.assign(this, { tf, sizes, config, parts: CELLS[cell].recurrent.map(name => parameters[name].shape[1]) });
        const tensor = name => tf.tensor(parameters[name].numbers, parameters[name].shape);
        // The usual gate of TensorFlow.js is piecewise linear.
        const options = { units: hidden, recurrentActivation: "sigmoid", returnSequences: true, returnState: true };
        this.layer = tf.layers[cell](options);
        tf.tidy(() => void this.layer.apply(tf.zeros([batch, steps, vocabulary]))); // which makes its weights
        this.layer.setWeights([tensor("w_x"), tf.concat(CELLS[cell].recurrent.map(tensor), 1), tensor("b_h")]);
        // Rows of this, since 4.22 can't transpose what `tf.oneHot` makes on WebGPU.
        this.oneHot = tf.keep(tf.eye(vocabulary));
        this.w_hq = tf.variable(tensor("w_hq"));
        this.b_q = tf.variable(tensor("b_q"));
        this.optimizer = tf.train.sgd(config.lr);
        this.zeros = Array.from({ length: CELLS[cell].states }, () => tf.keep(tf.zeros([batch, hidden])));
        this.states = this.zeros.map(zero => tf.keep(zero.clone()));
    }

    step({ begins, inputs, targets }) {
        const { tf, sizes } = this;
        const before = this.states;
        const loss = tf.tidy(() => {
            const x = this.rows(inputs).reshape([sizes.batch, sizes.steps, sizes.vocabulary]);
            const y = this.rows(targets);
            const { value, grads } = tf.variableGrads(() => this.forward(x, begins ? this.zeros : before, y));
            this.optimizer.applyGradients(this.clipped(grads));
            return value;
        });
        before.forEach(state => state.dispose());
        this.#waiting.push(loss);
    }

    /** The one-hot encoding of ids (T·B), in the order of the layer's inputs: (B·T, V). */
    rows(ids) {
        const { batch, steps } = this.sizes;
        const byRow = Int32Array.from(ids, (_, n) => ids[(n % steps) * batch + Math.floor(n / steps)]);
        return this.tf.gather(this.oneHot, this.tf.tensor1d(byRow, "int32"));
    }

    /** The mean loss; keeps the last states. */
    forward(x, initialState, y) {
        const { tf, sizes } = this;
        const [outputs, ...states] = this.layer.apply(x, { initialState });
        this.states = states.map(state => tf.keep(state.clone()));
        const logits = tf.add(tf.matMul(outputs.reshape([-1, sizes.hidden]), this.w_hq), this.b_q);
        return tf.neg(tf.mean(tf.sum(tf.mul(y, tf.logSoftmax(logits)), 1)));
    }

    /** The gradients by their variables' names, clipped by the global norm. */
    clipped(grads) {
        const { tf, config } = this;
        const norm = tf.sqrt(tf.addN(Object.values(grads).map(grad => tf.sum(tf.square(grad)))));
        const factor = tf.minimum(1, tf.div(config.clip, norm));
        return Object.fromEntries(Object.entries(grads).map(([name, grad]) => [name, tf.mul(grad, factor)]));
    }

    async losses() {
        const losses = [];
        for (const tensor of this.#waiting.splice(0)) {
            losses.push((await tensor.data())[0]);
            tensor.dispose();
        }
        await this.b_q.data(); // waits for the last update
        return losses;
    }

    parameters() {
        const [kernel, recurrent, bias] = this.layer.getWeights();
        const all = [kernel, ...this.tf.split(recurrent, this.parts, 1), bias, this.w_hq, this.b_q];
        return Promise.all(all.map(tensor => tensor.data()));
    }
}
