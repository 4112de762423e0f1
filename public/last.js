// The last view: what was on the page when it was last used is painted before the app is there, which then takes its place.
//
// It is kept only where somebody stays signed in and no passphrase stands before what the device keeps (src/ui/last.rs): sealed, in
// a database of its own, with a key that no script can read. A view is data, not markup: nothing but the elements and attributes
// below is ever made of it, and nothing of it can be clicked, found or read out. Photos are small pictures, made anew here.
const name = "plausch-view";
const html = "http://www.w3.org/1999/xhtml";
const elements = new Set(
  "a article aside b bdi blockquote button code dd del div dl dt em figure footer form h1 h2 h3 header hr i img input kbd label li main mark nav ol p pre s section small span strong svg textarea time ul circle ellipse g line path polygon polyline rect".split(" "),
);
const attributes =
  /^(class|dir|lang|type|rows|cols|placeholder|hidden|disabled|open|datetime|aria-(current|selected|pressed|expanded|disabled|invalid)|data-(?!(jid|id|count|connection|author)$)[a-z-]+|viewBox|d|[cr]?[xyr]|[xy][12]|width|height|points|fill|stroke[a-z-]*)$/;
// What a photo may be, how many CSS pixels wide it is kept at most, and how many characters all of them may take.
const picture = /^data:image\/(webp|png);base64,[A-Za-z0-9+/]+=*$/;
const face = 48;
const room = 200_000;
// Of more photos than this, all are drawn anew.
const remembered = 200;
// So long after a change the view is kept anew.
const pause = 1000;
// A view that is larger is not worth waiting for.
const limit = 500_000;

const kept = (storage, key) => {
  try {
    return storage().getItem(`plausch.${key}`);
  } catch {
    return null; // the browser keeps the storage from us
  }
};

// ---- the database -----------------------------------------------------------------------------------------------------

const answer = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

// Does something in the database, which is closed again at once: whoever deletes it waits for nobody.
async function within(mode, act) {
  const asked = indexedDB.open(name, 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("view");
  const database = await answer(asked);
  try {
    const transaction = database.transaction("view", mode);
    return await act(transaction.objectStore("view"));
  } finally {
    database.close();
  }
}

// ---- painting ---------------------------------------------------------------------------------------------------------

let photos = {};

// A photo of the last view, if there was one of this name.
export const photo = (id) => {
  const address = Object.hasOwn(photos, id) && photos[id];
  return typeof address === "string" && picture.test(address) ? address : undefined;
};

function made(view, scrolled, decoded) {
  if (typeof view === "string") return document.createTextNode(view);
  const { tag, space, set = {}, style, top, value, inside } = view;
  if (!elements.has(tag)) throw new TypeError(tag);
  const node = document.createElementNS(space ?? html, tag);
  for (const [key, text] of Object.entries(set)) if (attributes.test(key)) node.setAttribute(key, text);
  const address = tag === "img" && photo(set["data-avatar"]);
  if (address) {
    node.src = address;
    decoded.push(node.decode().catch(() => {}));
  }
  if (style) node.style.cssText = style;
  if (value) node.value = value;
  if (top) scrolled.push([node, top]);
  for (const child of inside ?? []) node.append(made(child, scrolled, decoded));
  return node;
}

async function show() {
  if (kept(() => localStorage, "signed-in") !== "stays") return;
  const [key, record] = await within("readonly", (store) => Promise.all([answer(store.get("key")), answer(store.get("view"))]));
  if (!key || !record) return;
  const bytes = await crypto.subtle.decrypt({ name: "AES-GCM", iv: record.iv }, key, record.sealed);
  const { width, tab, entry, left, view, faces } = JSON.parse(new TextDecoder().decode(bytes));
  const here = kept(() => sessionStorage, "tab");
  if (!here && history.state === null && matchMedia("(display-mode: standalone)").matches) {
    // The installed app is started: it goes on where it was left.
    if (entry) history.pushState(entry, "");
    sessionStorage.setItem("plausch.left", left);
  } else if (here !== tab || history.state !== entry) return;
  if (width !== innerWidth) return;
  photos = faces ?? {};
  const [scrolled, decoded] = [[], []];
  const shown = made(view, scrolled, decoded);
  shown.setAttribute("data-still", "");
  await Promise.all(decoded);
  // This runs as soon as it is here, which may be before the page is.
  if (document.readyState === "loading") await new Promise((done) => document.addEventListener("DOMContentLoaded", done));
  const start = document.getElementById("start");
  if (!start) return;
  start.inert = true;
  start.replaceChildren(shown);
  for (const [node, top] of scrolled) node.scrollTop = top;
  requestAnimationFrame(() => setTimeout(() => performance.mark("plausch:view")));
}

// The app waits for this before it draws itself. Without a last view, it finds the empty shell.
export const shown = show().catch(() => {});

// ---- keeping ----------------------------------------------------------------------------------------------------------

// The photos of this page by name, as text: what they show, in the middle, as large as it is shown.
const drawn = new Map();

async function draw(image) {
  const { naturalWidth: width, naturalHeight: height } = image;
  const side = Math.min(width, height);
  const size = Math.min(side, Math.ceil(face * Math.max(1, devicePixelRatio)));
  const canvas = new OffscreenCanvas(size, size);
  canvas.getContext("2d").drawImage(image, (width - side) / 2, (height - side) / 2, side, side, 0, 0, size, size);
  const reader = new FileReader();
  reader.readAsDataURL(await canvas.convertToBlob({ type: "image/webp", quality: 0.8 }));
  await new Promise((done) => (reader.onloadend = done));
  return reader.result;
}

// The photos among the images of a view.
async function pictures(images) {
  const faces = {};
  let free = room;
  if (drawn.size > remembered) drawn.clear();
  for (const [id, image] of images) {
    // That of the last view may still be there. What can't be drawn is shown once the app is.
    const again = picture.test(image.src);
    if (!again && !drawn.has(id)) drawn.set(id, await draw(image).catch(() => {}));
    const address = again ? image.src : drawn.get(id);
    free -= address?.length ?? 0;
    if (address && free > 0) faces[id] = address;
  }
  return faces;
}

function taken(node, images) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  const tag = node.localName;
  if (!elements.has(tag) || node.type === "password") return undefined;
  const view = { tag };
  if (node.namespaceURI !== html) view.space = node.namespaceURI;
  for (const { name: key, value } of node.attributes) if (attributes.test(key)) (view.set ??= {})[key] = value;
  if (node.style.cssText) view.style = node.style.cssText;
  if (node.scrollTop) view.top = node.scrollTop;
  if (typeof node.value === "string" && node.value) view.value = node.value;
  if (tag === "img" && node.dataset.avatar && node.naturalWidth) images.set(node.dataset.avatar, node);
  const inside = [...node.childNodes].map((child) => taken(child, images)).filter(Boolean);
  if (inside.length) view.inside = inside;
  return view;
}

let stop = () => {};
let writing = Promise.resolve();
let before;
// Of this page: it lies beside each view that it has sealed.
let key;

async function write(root, left, stopped) {
  const images = new Map();
  const at = { width: innerWidth, tab: tab(), entry: history.state, left: left(), view: taken(root, images) };
  const text = JSON.stringify({ ...at, faces: await pictures(images) });
  if (stopped() || text === before || text.length > limit) return;
  key ??= crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const own = await key;
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, own, new TextEncoder().encode(text));
  if (stopped()) return;
  await within("readwrite", (store) => Promise.all([answer(store.put(own, "key")), answer(store.put({ iv, sealed }, "view"))]));
  if (!stopped()) before = text;
}

// Which tab this is; a reload keeps it.
function tab() {
  const here = kept(() => sessionStorage, "tab") ?? crypto.randomUUID();
  sessionStorage.setItem("plausch.tab", here);
  return here;
}

// Keeps the view below an element, and from now on whatever becomes of it. `left` says where in the app that is.
export function keep(root, left) {
  stop();
  let timer, stopped;
  const options = { capture: true, passive: true };
  const events = ["scroll", "input"];
  const changed = () => {
    if (!timer) timer = setTimeout(now, pause);
    unwatch();
  };
  const observer = new MutationObserver(changed);
  const watch = () => {
    observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
    for (const event of events) root.addEventListener(event, changed, options);
  };
  const unwatch = () => {
    observer.disconnect();
    for (const event of events) root.removeEventListener(event, changed, options);
  };
  const now = () => {
    clearTimeout(timer);
    timer = undefined;
    // Where it can't be kept, there is none at the next start.
    writing = writing.then(() => write(root, left, () => stopped)).catch(() => {});
    if (!stopped) watch();
  };
  const leaving = () => document.hidden && now();
  document.addEventListener("visibilitychange", leaving);
  stop = () => {
    stopped = true;
    clearTimeout(timer);
    unwatch();
    document.removeEventListener("visibilitychange", leaving);
  };
  changed();
}

// Keeps nothing any more, and nothing of what was kept.
export function forget() {
  stop();
  before = key = undefined;
  photos = {};
  drawn.clear();
  indexedDB.deleteDatabase(name);
}
