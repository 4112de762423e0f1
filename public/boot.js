// Starts the app. Nothing else on the page runs before this.
//
// Trusted Types are enforced (see the policy in index.html), so a plain string can name no script. The `default` policy lets exactly
// one through: the engine's worker. It has no createHTML and no createScript: assigning markup or code from strings throws.
import init from "./app.js";

const worker = document.querySelector("meta[name=plausch-worker]").content;
const allowed = new URL(worker, document.baseURI).href;

globalThis.trustedTypes?.createPolicy("default", {
  createScriptURL(text) {
    if (new URL(text, document.baseURI).href === allowed) return allowed;
    throw new TypeError("this script address is not allowed");
  },
});

// Where no worker can start, the page runs the engine itself: its module is loaded when the app asks for it.
globalThis.plauschEngine = async () => {
  const engine = await import("./engine/worker.js");
  await engine.default({ module_or_path: fetch(new URL("engine/worker_bg.wasm", import.meta.url)) });
  return engine.serve_port;
};

const sorry = {
  en: "Plausch could not start. Please reload the page. If that does not help, your browser may be too old.",
  de: "Plausch konnte nicht starten. Bitte lade die Seite neu. Hilft das nicht, ist dein Browser vielleicht zu alt.",
};

try {
  await init();
} catch (error) {
  const note = document.createElement("p");
  note.setAttribute("role", "alert");
  note.textContent = navigator.language.startsWith("de") ? sorry.de : sorry.en;
  document.body.prepend(note);
  throw error;
}
