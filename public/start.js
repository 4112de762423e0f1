// The first paint, before the app is there: in the shape and the colours that the page had when it was last open.
const kept = (name) => {
  try {
    return localStorage.getItem(`plausch.${name}`);
  } catch {
    return null; // the browser keeps the storage from us
  }
};
const start = document.getElementById("start");
start.dataset.shape = kept("signed-in") ? "shell" : "form";
start.firstElementChild.dataset.theme = kept("theme") ?? "system";
start.firstElementChild.dataset.textSize = kept("text-size") ?? "normal";
