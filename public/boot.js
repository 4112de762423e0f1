// Starts the app in its own page.
import * as last from "./last.js";
import { load } from "./mount.js";

// The app says when the view may be kept for the next start.
plausch.last = last;

// The hoster's settings are on their way while the app is loaded. If that fails, the app hears of it, and nobody else.
plausch.settings = fetch("config.json", { cache: "no-cache" });
plausch.settings.catch(() => {});

// What came is told outside the page by the service worker, which knows all pages (src/ui/notify.rs).
const post = (message) => navigator.serviceWorker?.controller?.postMessage(message);
const notice = (tag, title, body) => ({ tag, title, body, icon: document.querySelector("[rel=apple-touch-icon]")?.href });
plausch.notify = {
  // "granted", "denied" or "default"; undefined where the browser cannot do it.
  state: () => (navigator.serviceWorker ? globalThis.Notification?.permission : undefined),
  ask: () => Notification.requestPermission(),
  tell: (...what) => post({ notify: notice(...what) }),
  leave: (left, ...changed) => post({ left, changed: notice(...changed) }),
};
navigator.serviceWorker?.addEventListener("message", ({ data }) => {
  if (data.open) dispatchEvent(new CustomEvent("plausch-open", { detail: data.open }));
});

// Where somebody was signed in, the engine starts beside the app, which takes it over once it is there itself.
try {
  if (localStorage.getItem("plausch.signed-in") && !sessionStorage.getItem("plausch-hosting")) {
    const early = new SharedWorker(plausch.worker, { type: "module", name: "plausch" });
    early.onerror = () => delete plausch.early;
    plausch.early = early;
  }
} catch {
  // The app starts it in its own way, or another one.
}

// Once the app is up, the service worker keeps its files for a start without a network (sw.js). As long as this page is open, the
// lock tells it which version's files are in use.
if (navigator.serviceWorker && navigator.locks) {
  const version = `plausch-shell-${new URL(import.meta.url).pathname}`;
  navigator.locks.request(version, { mode: "shared" }, () => new Promise(() => {}));
  const keep = async () => {
    const script = new URL("sw.js", import.meta.url).href;
    const registration = await navigator.serviceWorker.register(script, { updateViaCache: "none" });
    registration.active?.postMessage("up");
  };
  // Without it, the app only needs the network to start.
  const quietly = () => keep().catch(() => {});
  const later = () => (globalThis.requestIdleCallback ?? setTimeout)(quietly);
  // The app says when somebody signs in: signing out before may have deleted what was kept.
  plausch.shell = { keep: later };
  new PerformanceObserver((_, observer) => {
    observer.disconnect();
    later();
  }).observe({ type: "mark", buffered: true });
}

const sorry = {
  en: "Plausch could not start. Please reload the page. If that does not help, your browser may be too old.",
  de: "Plausch konnte nicht starten. Bitte lade die Seite neu. Hilft das nicht, ist dein Browser vielleicht zu alt.",
};

try {
  await load();
} catch (error) {
  const note = document.createElement("p");
  note.setAttribute("role", "alert");
  note.textContent = navigator.language.startsWith("de") ? sorry.de : sorry.en;
  document.body.prepend(note);
  throw error;
}
