// `trunk serve` serves this in place of service-worker.js: a page in development is not cached, and the caches of other
// builds are deleted.

addEventListener("install", () => skipWaiting());
addEventListener("activate", event => event.waitUntil(forget()));

async function forget() {
    const ours = (await caches.keys()).filter(name => name.startsWith(`time-traveller ${registration.scope} `));
    await Promise.all(ours.map(name => caches.delete(name)));
    await registration.unregister();
}
