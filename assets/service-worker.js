// Caches the page for offline use. `xtask/src/finish.rs` prepends VERSION, a digest of the whole page, and FILES, the
// first digits of the SHA-256 of each file by its relative address.
//
// A cache holds one version, complete and verified, or is deleted: files of two versions are never mixed. The browser
// installs a newer version next to the one in use; it takes over when no tab has the old one any more.

const OURS = `time-traveller ${registration.scope} `;
const CACHE = OURS + VERSION;

// The kind of the CPU engine's module for this browser, from the page's registration; the others are not cached.
const CORES = new URL(location.href).searchParams.get("cores");

const isWanted = file => !/^cores.*\.wasm$/.test(file) || file.replace(/(_threads)?\.wasm$/, "") === CORES;

addEventListener("install", event => event.waitUntil(keep()));

async function keep() {
    const cache = await caches.open(CACHE);
    try {
        await Promise.all(Object.keys(FILES).filter(isWanted).map(file => keepFile(cache, file)));
    } catch (error) {
        await caches.delete(CACHE);
        throw error; // the browser retries at the next visit
    }
}

async function keepFile(cache, file) {
    const response = await fetch(file, { cache: "no-cache" });
    if (!response.ok || !(await digest(response.clone())).startsWith(FILES[file])) {
        throw new Error(`${file} is missing or of another version`);
    }
    await cache.put(file, response);
}

async function digest(response) {
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await response.arrayBuffer()));
    return Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");
}

addEventListener("activate", event => event.waitUntil(forgetOthers()));

async function forgetOthers() {
    const others = (await caches.keys()).filter(name => name.startsWith(OURS) && name !== CACHE);
    await Promise.all(others.map(name => caches.delete(name)));
}

addEventListener("fetch", event => {
    const { request } = event;
    if (request.method === "GET" && request.url.startsWith(registration.scope)) {
        event.respondWith(answer(request));
    }
});

async function answer(request) {
    const file = new URL(request.url);
    const isPage = file.pathname === new URL(registration.scope).pathname;
    const cache = await caches.open(CACHE);
    const kept = await cache.match(isPage ? "index.html" : request, { ignoreSearch: true });
    return isolated(kept ?? (await fetch(request)));
}

// With these headers the page's workers may share memory, also where its host does not send them.
function isolated(response) {
    if (!response.ok) return response;
    const headers = new Headers(response.headers);
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
    headers.set("Cross-Origin-Embedder-Policy", "require-corp");
    return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

// The page asks the waiting version to take over. Refused while other tabs are open: they would get files of both.
addEventListener("message", event => event.waitUntil(takeOver(event.source)));

async function takeOver(page) {
    const tabs = await clients.matchAll({ includeUncontrolled: true, type: "window" });
    if (tabs.filter(tab => tab.url.startsWith(registration.scope)).length > 1) {
        page.postMessage("other tabs");
    } else {
        await skipWaiting();
    }
}
