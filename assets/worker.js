// The page's worker: the trainer, and the module in which its CPU engine's operations run (`cores/`), on one memory with
// other workers (`core.js`) where memory can be shared.

// How long other threads may take to start, in milliseconds.
const START = 5000;

class Cpu {
    constructor(module, shared) {
        this.module = module;
        this.helpers = [];
        // The most pages of a shared memory have to be said in advance, and some devices refuse as many.
        for (const maximum of shared ? [49152, 32768, 16384, 8192] : [undefined]) {
            try {
                this.memory = new WebAssembly.Memory({ initial: 64, maximum, shared });
                break;
            } catch (error) {
                if (maximum === undefined || maximum === 8192) throw error;
            }
        }
        this.grow(0);
        const word = at => [new Int32Array(this.memory.buffer), at >> 2];
        const env = {
            memory: this.memory,
            wait: (at, value, milliseconds) => Atomics.wait(...word(at), value, milliseconds) === "timed-out",
            wake: at => void Atomics.notify(...word(at)),
        };
        this.exports = new WebAssembly.Instance(module, { env }).exports;
    }

    heap() {
        return this.exports.heap();
    }

    tile() {
        return [this.exports.tile_rows(), this.exports.tile_columns()];
    }

    // Lets the memory have this many bytes.
    grow(bytes) {
        const lacking = bytes - this.memory.buffer.byteLength;
        if (lacking > 0) this.memory.grow(Math.ceil(lacking / 65536));
        this.words = new Float32Array(this.memory.buffer);
    }

    zero(at, count) {
        this.words.fill(0, at, at + count);
    }

    write(at, numbers) {
        this.words.set(numbers, at);
    }

    read(at, count) {
        return this.words.slice(at, at + count);
    }

    run(base, words, ops, count) {
        this.exports.run_alone(base, words, ops, count);
    }

    // Returns false if a thread has not come in time.
    runOnAll(base, words, ops, count, milliseconds) {
        return Boolean(this.exports.run(base, words, ops, count, milliseconds));
    }

    // Starts other threads; returns how many there are now, this one included.
    async start(count) {
        const started = Array.from({ length: count }, () => this.helper());
        this.helpers = (await Promise.all(started)).filter(Boolean);
        this.exports.set_threads(this.helpers.length + 1);
        this.helpers.forEach((helper, i) => helper.postMessage(i + 1));
        return this.helpers.length + 1;
    }

    // A worker that is ready, or nothing if none can be started in time.
    helper() {
        return new Promise(resolve => {
            let helper;
            const refuse = () => resolve(helper?.terminate());
            const timer = setTimeout(refuse, START);
            try {
                helper = new Worker("./core.js");
                helper.onmessage = () => {
                    clearTimeout(timer);
                    resolve(helper);
                };
                helper.onerror = event => {
                    event.preventDefault(); // the page is not to know
                    refuse();
                };
                helper.postMessage({ module: this.module, memory: this.memory });
            } catch {
                refuse();
            }
        });
    }

    end() {
        this.helpers.forEach(helper => helper.terminate());
        this.helpers = [];
    }
}

{
    // Asked for before the script that needs it: they come together.
    const program = fetch("./trainer_bg.wasm");
    importScripts("./trainer.js");
    wasm_bindgen({ module_or_path: program });
}
