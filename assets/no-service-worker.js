// `trunk serve` gives this in place of service-worker.js: a page that is being worked on is not kept, and what another
// build left is forgotten.

addEventListener("install", () => skipWaiting());
addEventListener("activate", event => event.waitUntil(forget()));

async function forget() {
    const ours = (await caches.keys()).filter(name => name.startsWith(`time-traveller ${registration.scope} `));
    await Promise.all(ours.map(name => caches.delete(name)));
    await registration.unregister();
}
