// Loads the app, and puts it into pages. Nothing of ours runs before this.
//
// Where a page enforces Trusted Types, a plain string can name no script. The `default` policy lets exactly two through: the
// engine's worker and the service worker. It has no createHTML and no createScript: assigning markup or code from strings throws.
import init, { embed } from "./app.js";

const here = (path) => new URL(path, import.meta.url).href;
const worker = here("worker.js");
const scripts = [worker, here("sw.js")];

if (globalThis.trustedTypes && !globalThis.trustedTypes.defaultPolicy) {
  globalThis.trustedTypes.createPolicy("default", {
    createScriptURL(text) {
      const { href } = new URL(text, document.baseURI);
      if (scripts.includes(href)) return href;
      throw new TypeError("this script address is not allowed");
    },
  });
}

const texts = {};
const read = async (path) => {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.text();
};

// What the app needs to know of its files. Where no worker can start, the page runs the engine itself: its module is loaded
// when the app asks for it.
globalThis.plausch = {
  worker,
  // The texts of a language that the app does not bring along: asked for once, however many want them, and again after a failure.
  texts(tag) {
    return (texts[tag] ??= read({ de: here("texts/de.txt") }[tag]).catch((error) => {
      delete texts[tag];
      throw error;
    }));
  },
  async engine() {
    const engine = await import("./engine/worker.js");
    await engine.default({ module_or_path: fetch(here("engine/worker_bg.wasm")) });
    return engine.serve_port;
  },
};

let loading;
export const load = () => (loading ??= init());

// Puts the app into an element or a shadow root of any page; `config` is what config.json may contain. Returns an object
// whose unmount() takes it out again.
export async function mount(target, config = {}) {
  await load();
  return embed(target, config, here("style.css"));
}
