// Keeps the app's own files, so that it starts where there is no network. What people write and receive never comes by here.
//
// A version of the app is named after its boot script, whose name follows from all that this loads. Its files lie in a cache of
// that name, the page only where everything that it needs lies there, too; so no page ever gets files of two versions. Signing
// out of the last account deletes the caches (src/worker/store/wipe.rs); the next account, or page, has them filled again.
//
// The page comes from the network where that answers soon: what a host has mended counts from the next load on, not from the one
// after it. Where the network is slow, the page is the one kept; the browser asks for this script after each load, and has the new
// version ready for the next. Files that are named after their content come from the cache.

// The build fills in what a version consists of.
const boot = "boot.js";
const assets = [];
const texts = [];

// How long the network may take for the page and the settings, where they are in the cache.
const patience = 500;

const at = (name) => new URL(name, location.href).href;
const folder = new URL("./", location.href).pathname;
const prefix = `plausch-shell-${folder}`;
const own = prefix + boot;
const page = at("./");
const settings = at("config.json");

addEventListener("install", (event) => {
  // A browser that does not take the routes asks the handler below.
  const routed = (async () => event.addRoutes?.(routes()))().catch(() => {});
  // Nobody has to close anything first: pages of other versions find their files in their own cache.
  event.waitUntil(Promise.all([routed, fill()]).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const preload = globalThis.InstallEvent?.prototype.addRoutes ? undefined : registration.navigationPreload?.enable();
  event.waitUntil(Promise.all([preload, clients.claim(), tidy()]));
});

// A page says that it is up, and in no hurry any more. A browser may break off what it then no longer waited for.
addEventListener("message", (event) => {
  const { notify, left, changed } = event.data;
  if (notify) return event.waitUntil(tell(notify));
  if (left) return event.waitUntil(untell(left, changed));
  const settingsAgain = late.has(event.source?.id) ? fetchSettings() : undefined;
  event.waitUntil(Promise.all([settingsAgain, refill(), tidy()]));
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(come(event.notification.tag));
});

addEventListener("fetch", (event) => {
  const { method, mode, headers, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || headers.has("range") || origin !== location.origin || !pathname.startsWith(folder)) return;
  const name = pathname.slice(folder.length);
  if (mode === "navigate") {
    if (name === "" || name === "index.html") event.respondWith(freshly(event, page, keepPage));
  } else if (name === "config.json") {
    event.respondWith(freshly(event, settings, keepSettings));
  } else if (/-[0-9a-f]{16}\.(?:js|css|wasm|svg|txt)$/.test(name)) {
    event.respondWith(asset(event, name));
  }
});

// What the handler does, said in advance: then what it has no part in does not wait for this worker to start.
function routes() {
  const matching = (pathname) => ({ urlPattern: new URLPattern({ pathname, baseURL: location.origin }) });
  const inFolder = folder.replace(/[\\:*+?(){}]/g, "\\$&");
  const race = "race-network-and-fetch-handler";
  return [
    ...assets.map((name) => ({ condition: matching(inFolder + name), source: { cacheName: own } })),
    { condition: { ...matching(inFolder), requestMode: "navigate" }, source: race },
    { condition: { ...matching(`${inFolder}index.html`), requestMode: "navigate" }, source: race },
    { condition: matching(`${inFolder}config.json`), source: race },
    { condition: matching(`${inFolder}*-*.*`), source: "fetch-event" },
    { condition: { urlPattern: new URLPattern({}) }, source: "network" },
  ];
}

// ---- answering --------------------------------------------------------------------------------------------------------

// Pages that came from the cache. They do not wait for their settings, either.
const late = new Set();

// What the network says if it says it in time, else what is kept, else what the network says at last.
async function freshly(event, address, keep) {
  const asked = Promise.resolve(event.preloadResponse).then((early) => early ?? fetch(event.request));
  const sound = asked.then((answer) => (answer.status < 500 ? answer : Promise.reject(answer)));
  event.waitUntil(sound.then((answer) => keep(answer.clone())).catch(() => {}));
  const wait = late.has(event.clientId) ? 0 : patience;
  const answer = await Promise.race([sound, new Promise((resolve) => setTimeout(resolve, wait))]).catch(() => {});
  if (answer) return answer;
  if (event.resultingClientId) late.add(event.resultingClientId);
  return (await caches.match(address, { cacheName: own })) ?? asked;
}

// A file named after its content is the same wherever it lies.
async function asset(event, name) {
  const kept = await caches.match(event.request, { ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(event.request);
  // Languages are kept once somebody speaks them.
  if (texts.includes(name) && answer.ok) {
    const copy = answer.clone();
    event.waitUntil(caches.open(own).then((cache) => cache.put(event.request, copy)));
  }
  return answer;
}

// ---- keeping ----------------------------------------------------------------------------------------------------------

// Gets everything that this version needs; the page, which says that it is all there, comes last.
async function fill() {
  const answer = await fetch(page, { cache: "no-cache", redirect: "error" });
  if (!answer.ok || !isOurs(await answer.clone().text())) throw new Error("the page is of another version");
  const cache = await caches.open(own);
  await cache.addAll([...assets, ...(await spoken())].map(at));
  await fetchSettings();
  await cache.put(page, answer);
}

async function refill() {
  if (!(await caches.match(page, { cacheName: own }))) await fill();
}

// Whether a page is of this version: it starts the boot script, and all that it needs is among the assets.
function isOurs(text) {
  const needed = text.match(/[\w/-]+-[0-9a-f]{16}\.(?:js|css|wasm|svg)/g) ?? [];
  return needed.includes(boot) && needed.every((name) => assets.includes(name));
}

// The page as the host has it now: the content security policy in it may be the host's own.
async function keepPage(answer) {
  const cache = await caches.open(own);
  const complete = await cache.match(page);
  if (complete && answer.ok && !answer.redirected && isOurs(await answer.clone().text())) await cache.put(page, answer);
}

async function fetchSettings() {
  await keepSettings(await fetch(settings, { cache: "no-cache" }));
}

// That there are no settings is worth keeping as well.
async function keepSettings(answer) {
  if (answer.ok || answer.status === 404) await (await caches.open(own)).put(settings, answer);
}

// The texts of the browser's languages, and of those that were loaded in any version.
async function spoken() {
  const names = await versions();
  const kept = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  const wanted = (tag, stem) =>
    navigator.languages.some((language) => language.split("-")[0] === tag) || kept.flat().some(({ url }) => url.startsWith(stem));
  return texts.filter((name) => {
    const [stem, tag] = /^texts\/(\w+)-/.exec(name);
    return wanted(tag, at(stem));
  });
}

// ---- telling ----------------------------------------------------------------------------------------------------------

// Shows what came, unless somebody looks at a page of the app.
async function tell({ title, ...what }) {
  const pages = await clients.matchAll({ type: "window" });
  if (!pages.some(({ focused }) => focused)) await registration.showNotification(title, what);
}

// Takes back what has been read: all but these. One of them may say something else now, if it is still shown.
async function untell(left, { title, ...what } = {}) {
  const shown = await registration.getNotifications();
  const stays = ({ tag }) => left.includes(tag);
  shown.filter((notification) => !stays(notification)).forEach((notification) => notification.close());
  if (shown.filter(stays).some(({ tag }) => tag === what.tag)) await registration.showNotification(title, { ...what, silent: true });
}

// Leads to what was told.
async function come(tag) {
  const [open] = await clients.matchAll({ type: "window" });
  if (!open) return clients.openWindow(page);
  open.postMessage({ open: tag });
  await open.focus();
}

// ---- tidying up -------------------------------------------------------------------------------------------------------

// The caches of all versions in this folder; other folders of the host may have an app of their own.
async function versions() {
  return (await caches.keys()).filter((name) => name.startsWith(prefix) && !name.includes("/", prefix.length));
}

// Deletes other versions once no page of theirs is open. Each page holds a lock of the name of its cache (boot.js).
async function tidy() {
  const others = (await versions()).filter((name) => name !== own);
  if (others.length === 0) return;
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = windows.filter(({ url }) => [page, at("index.html")].includes(url.split(/[?#]/)[0]));
  const { held } = await navigator.locks.query();
  const inUse = held.map(({ name }) => name).filter((name) => name.startsWith(prefix));
  // A page that is only just starting has not said yet what it is; the next one tries again.
  if (inUse.length < open.length) return;
  await Promise.all(others.filter((name) => !inUse.includes(name)).map((name) => caches.delete(name)));
}
