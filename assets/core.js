// One more thread of the CPU engine: an instance of the trainer's module on the same memory, with a stack of its own.
onmessage = ({ data: { module, memory } }) => {
    const words = new Int32Array(memory.buffer);
    const { exports } = new WebAssembly.Instance(module, {
        env: {
            memory,
            wait: (at, value, milliseconds) => Atomics.wait(words, at >> 2, value, milliseconds) === "timed-out",
            wake: at => void Atomics.notify(words, at >> 2),
        },
    });
    onmessage = ({ data: thread }) => {
        exports.__stack_pointer.value = exports.stack(thread);
        exports.help(thread); // for ever
    };
    postMessage("ready");
};
