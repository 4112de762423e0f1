// Hosts the engine: as a SharedWorker it gets a port with each `connect`, as a dedicated Worker in messages of the form { port }.
//
// Both handlers are set before anything is awaited, since an event that finds no handler is lost. Ports that come while the engine
// still loads wait in a list.
const waiting = [];
let serve = (port) => waiting.push(port);

addEventListener("connect", (event) => serve(event.ports[0]));
addEventListener("message", (event) => {
  if (event.data?.port instanceof MessagePort) serve(event.data.port);
});

async function load() {
  const wasm = fetch(new URL("engine/worker_bg.wasm", import.meta.url));
  const engine = await import("./engine/worker.js");
  await engine.default({ module_or_path: wasm });
  return engine.serve_port;
}

load()
  .catch((error) => {
    // The engine's messages are bytes; a text tells the page that none will come.
    return (port) => port.postMessage(`the engine could not start: ${error}`);
  })
  .then((ready) => {
    serve = ready;
    waiting.splice(0).forEach((port) => serve(port));
  });
