// Starts the app in its own page.
import { load } from "./mount.js";

// The hoster's settings are on their way while the app is loaded. If that fails, the app hears of it, and nobody else.
plausch.settings = fetch("config.json", { cache: "no-cache" });
plausch.settings.catch(() => {});

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
