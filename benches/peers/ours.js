// Time Traveller itself: the built page's worker, with the page's commands. It draws the case's parameters and windows
// from the seed, which the check of its losses confirms.

const WORKER = "dist/worker.js";

// The kind of the CPU engine's module that the page chooses in a current Chromium.
const CORES = { name: "cores_relaxed_simd" };

export async function measure({ config, sizes, minibatches }, { train = {}, settings = {}, threads }, seconds) {
    if (threads === "all") settings.threads = navigator.hardwareConcurrency;
    const epochs = minibatches.filter(({ begins }) => begins).length;
    const each = (minibatches.length / epochs) * sizes.batch * sizes.steps;
    const worker = new Worker(WORKER, CORES);
    try {
        const events = listen(worker);
        let device = "";
        const losses = [];
        const beginning = { parameters: null, window_offset: null, checkpoint: null };
        let start = 0;
        for await (const [name, event] of events) {
            if (name === "Ready") {
                const settled = { ...config, epochs, ...settings };
                const asked = { run: 1, config: settled, prefix: "t", beginning, stretch: "Whole", ...train };
                worker.postMessage({ Train: asked });
            } else if (name === "Device") {
                device = event.name;
            } else if (name === "Failed" || name === "Broken") {
                throw new Error(JSON.stringify(event.error));
            } else if (name === "Progress") {
                worker.postMessage("Seen");
            } else if (name === "Epochs") {
                worker.postMessage("Seen");
                losses.push(...event.reports.map(({ loss }) => loss));
                const taken = (performance.now() - start) / 1000;
                if (start === 0) {
                    start = performance.now(); // the first epoch, which comes alone, warms up
                } else if (losses.length === epochs || taken >= seconds) {
                    const tokens = (losses.length - 1) * each;
                    return { device, tokens, seconds: taken, span: "epoch", losses };
                }
            }
        }
    } finally {
        worker.terminate();
    }
}

/** Times each kernel of a training step with these settings. */
export async function profile(config) {
    const worker = new Worker(WORKER, CORES);
    try {
        for await (const [name, event] of listen(worker)) {
            if (name === "Ready") {
                worker.postMessage({ Profile: { request: 1, config } });
            } else if (name === "Profiled") {
                return event.profile;
            } else if (name === "Failed" || name === "Broken" || name === "Refused") {
                throw new Error(JSON.stringify(event.error));
            }
        }
    } finally {
        worker.terminate();
    }
}

/** Yields the worker's events: name and content. */
async function* listen(worker) {
    const queue = [];
    let wake = () => {};
    worker.onmessage = ({ data }) => {
        queue.push(typeof data === "string" ? [data, {}] : Object.entries(data)[0]);
        wake();
    };
    worker.onerror = ({ message }) => {
        queue.push(["Broken", { error: message || "the worker could not be loaded: run `cargo xtask build`" }]);
        wake();
    };
    for (;;) {
        while (queue.length > 0) {
            yield queue.shift();
        }
        await new Promise(resolve => (wake = resolve));
    }
}
