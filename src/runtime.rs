//! The page's way to the engine. The only file that knows how the engine is hosted.
//!
//! Where there are shared workers, one of them serves every tab of the origin. Else a worker of this tab does: its host
//! takes the engine's Web Lock, and tells the views of all other tabs that it is held elsewhere. Else the page loads the
//! engine's module itself. Whichever it is, it gets one end of a message channel and speaks postcard bytes.
//!
//! A host that dies frees the Web Lock that it named; then the next one is started, and greeted anew.
//! Everything that matters is on disk, so nothing is lost.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use plausch_model::{FromEngine, ToEngine, WorkerSettings};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, MessageChannel, MessageEvent, MessagePort, SharedWorker, Worker, WorkerOptions, WorkerType};

use crate::page::{files, spawn};

/// Forces a way of hosting (`worker` or `page`), for trying them out. Per tab, and nothing that a link could set.
const FORCED: &str = "plausch-hosting";
/// All tabs of the origin share the worker of this name; one that has ended is not found by it any more.
const NAME: &str = "plausch";
/// A host that dies at once, again and again, is not started for ever.
const MAX_RESTARTS: u32 = 5;
/// A host that ran so long did not die at once.
const SETTLED_MILLIS: f64 = 60_000.0;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["navigator", "locks"], js_name = request, catch)]
    fn request_lock(name: &str, options: &Object, callback: &Function) -> Result<Promise, JsValue>;
}

/// The connection to the engine. When it is dropped, the engine is told goodbye.
pub struct EngineLink(Rc<Link>);

struct Link {
    settings: RefCell<WorkerSettings>,
    lifeline: RefCell<Option<Lifeline>>,
    heard: Box<dyn Fn(FromEngine)>,
    port: RefCell<Option<Port>>,
    unsent: RefCell<Vec<ToEngine>>,
    restarts: Cell<u32>,
    started_at: Cell<f64>,
}

/// Our end of the channel, with whatever has to live as long.
struct Port {
    port: MessagePort,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _host: Option<Watched>,
}

/// A worker, with what listens to its errors.
type Watched = (JsValue, Closure<dyn FnMut(Event)>);

impl EngineLink {
    /// One that leads nowhere yet. What the engine says goes to `heard`.
    pub fn new(heard: impl Fn(FromEngine) + 'static) -> Self {
        Self(Rc::new(Link {
            settings: RefCell::default(),
            lifeline: RefCell::new(None),
            heard: Box::new(heard),
            port: RefCell::new(None),
            unsent: RefCell::new(Vec::new()),
            restarts: Cell::new(0),
            started_at: Cell::new(0.0),
        }))
    }

    /// Starts or finds the engine and greets it.
    pub fn connect(&self, settings: WorkerSettings, lifeline: Option<Lifeline>) -> impl Future<Output = ()> + use<> {
        let link = Rc::downgrade(&self.0);
        async move {
            // The engine may watch the lifeline only once it is held: else it finds it free, and takes us for gone.
            let lifeline = match lifeline {
                Some(lifeline) => lifeline.held().await,
                None => None,
            };
            if let Some(link) = link.upgrade() {
                link.settings.replace(settings);
                link.lifeline.replace(lifeline);
                link.start();
            }
        }
    }

    /// Sends a message. Before a host is greeted, it waits here.
    pub fn send(&self, message: &ToEngine) {
        match &*self.0.port.borrow() {
            Some(port) => port.send(message),
            None => self.0.unsent.borrow_mut().push(message.clone()),
        }
    }
}

impl Drop for EngineLink {
    fn drop(&mut self) {
        self.send(&ToEngine::Bye);
    }
}

impl Link {
    /// Starts a host, in the best way that works here.
    fn start(self: Rc<Self>) {
        self.started_at.set(js_sys::Date::now());
        let forced = forced();
        let shared = forced.is_none().then(|| shared_worker().ok()).flatten();
        let started = shared.or_else(|| {
            let worker = (forced.as_deref() != Some("page")).then(dedicated_worker);
            worker.and_then(Result::ok)
        });
        let Some((port, host)) = started.or_else(|| in_page().map(|port| (port, None))) else {
            return (self.heard)(FromEngine::Fatal("this browser has no message channels".to_owned()));
        };
        let link = Rc::downgrade(&self);
        let on_message = Closure::new(move |event: MessageEvent| {
            if let Some(link) = link.upgrade() {
                link.hear(&event.data());
            }
        });
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let host = host.map(|host| self.watch_for_errors(host));
        let port = Port { port, _on_message: on_message, _host: host };
        let lifeline = self.lifeline.borrow().as_ref().map(|lifeline| lifeline.name.clone());
        port.send(&ToEngine::Hello { settings: self.settings.borrow().clone(), lifeline });
        self.unsent.take().iter().for_each(|message| port.send(message));
        self.port.replace(Some(port));
    }

    /// A worker whose script can't be loaded says nothing by itself.
    fn watch_for_errors(self: &Rc<Self>, host: JsValue) -> Watched {
        let link = Rc::downgrade(self);
        let on_error = Closure::new(move |event: Event| {
            // An error inside the running engine comes with a message, and ends it: its lifeline tells.
            let inside = Reflect::get(&event, &"message".into()).is_ok_and(|message| message.is_truthy());
            if let Some(link) = link.upgrade().filter(|_| !inside) {
                (link.heard)(FromEngine::Fatal("the engine's script could not be loaded".to_owned()));
            }
        });
        // A worker takes any handler.
        let _ = Reflect::set(&host, &"onerror".into(), on_error.as_ref());
        (host, on_error)
    }

    fn hear(self: Rc<Self>, data: &JsValue) {
        match decode(data) {
            Some(FromEngine::Lifeline(name)) => {
                let link = Rc::downgrade(&self);
                spawn(async move {
                    wait_until_free(&name).await;
                    if let Some(link) = link.upgrade() {
                        link.restart();
                    }
                });
            }
            Some(message) => (self.heard)(message),
            // The worker's script says in words that the engine could not be loaded.
            None => {
                if let Some(words) = data.as_string() {
                    (self.heard)(FromEngine::Fatal(words));
                }
            }
        }
    }

    fn restart(self: Rc<Self>) {
        let settled = js_sys::Date::now() - self.started_at.get() > SETTLED_MILLIS;
        let restarts = if settled { 1 } else { self.restarts.get().saturating_add(1) };
        self.restarts.set(restarts);
        if restarts <= MAX_RESTARTS {
            self.start();
        } else {
            (self.heard)(FromEngine::Fatal("the engine stopped again and again".to_owned()));
        }
    }
}

impl Port {
    fn send(&self, message: &ToEngine) {
        // Plain values always encode; a port whose host is gone swallows what it is given.
        let bytes = Uint8Array::from(postcard::to_allocvec(message).unwrap_or_default().as_slice());
        let _ = self.port.post_message_with_transferable(&bytes, &Array::of1(&bytes.buffer()));
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.port.set_onmessage(None);
        self.port.close();
    }
}

fn decode(data: &JsValue) -> Option<FromEngine> {
    postcard::from_bytes(&data.dyn_ref::<Uint8Array>()?.to_vec()).ok()
}

// ---- hosts ------------------------------------------------------------------------------------------------------------

/// The address of the worker's script.
fn worker_url() -> Option<String> {
    Reflect::get(&files()?, &"worker".into()).ok()?.as_string()
}

fn options() -> WorkerOptions {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    options.set_name(NAME);
    options
}

fn shared_worker() -> Result<(MessagePort, Option<JsValue>), JsValue> {
    let worker = match early() {
        Some(worker) => worker,
        None => SharedWorker::new_with_worker_options(&worker_url().ok_or(JsValue::NULL)?, &options())?,
    };
    Ok((worker.port(), Some(worker.into())))
}

/// The worker that the page's script has started before the app was there: once.
fn early() -> Option<SharedWorker> {
    let (files, name) = (files()?, JsValue::from_str("early"));
    let worker = Reflect::get(&files, &name).ok()?.dyn_into().ok()?;
    Reflect::delete_property(files.unchecked_ref::<Object>(), &name).ok()?;
    Some(worker)
}

fn dedicated_worker() -> Result<(MessagePort, Option<JsValue>), JsValue> {
    let url = worker_url().ok_or(JsValue::NULL)?;
    let worker = Worker::new_with_options(&url, &options())?;
    let channel = MessageChannel::new()?;
    let message = Object::new();
    Reflect::set(&message, &"port".into(), &channel.port2())?;
    worker.post_message_with_transfer(&message, &Array::of1(&channel.port2()))?;
    Ok((channel.port1(), Some(worker.into())))
}

/// The engine in the page itself: the worker's module is imported and given the other end.
fn in_page() -> Option<MessagePort> {
    let channel = MessageChannel::new().ok()?;
    let (ours, theirs) = (channel.port1(), channel.port2());
    spawn(async move {
        if let Err(error) = serve_in_page(&theirs).await {
            let words = format!("the engine could not start: {}", String::from(Object::from(error).to_string()));
            let _ = theirs.post_message(&words.into());
        }
    });
    Some(ours)
}

async fn serve_in_page(port: &MessagePort) -> Result<(), JsValue> {
    let files = files().ok_or(JsValue::NULL)?;
    let load: Function = Reflect::get(&files, &"engine".into())?.dyn_into()?;
    let serve: Function = JsFuture::from(Promise::from(load.call0(&files)?)).await?.dyn_into()?;
    serve.call1(&JsValue::UNDEFINED, port).map(drop)
}

fn forced() -> Option<String> {
    web_sys::window()?.session_storage().ok().flatten()?.get_item(FORCED).ok().flatten()
}

// ---- lifelines --------------------------------------------------------------------------------------------------------

/// A Web Lock that is free again when this page is gone, however it went, or when this is dropped.
pub struct Lifeline {
    name: String,
    release: Function,
    held: Promise,
}

impl Lifeline {
    /// Asks for one. `None` where there are no Web Locks.
    pub fn ask() -> Option<Self> {
        let random = web_sys::window()?.crypto().ok()?.random_uuid();
        let name = format!("plausch-view-{random}");
        let mut release = None;
        let released = Promise::new(&mut |resolve, _| release = Some(resolve));
        let mut say_held = None;
        let held = Promise::new(&mut |resolve, _| say_held = Some(resolve));
        let say_held = say_held?;
        let hold = Closure::once_into_js(move || {
            // Resolving a promise does not fail.
            let _ = say_held.call0(&JsValue::UNDEFINED);
            released
        });
        // It is settled when the lock is free again, which nobody here waits for.
        drop(request_lock(&name, &Object::new(), hold.unchecked_ref()).ok()?);
        Some(Self { name, release: release?, held })
    }

    /// The lifeline, once it is held.
    async fn held(self) -> Option<Self> {
        JsFuture::from(self.held.clone()).await.ok()?;
        Some(self)
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        // Resolving a promise does not fail.
        let _ = self.release.call0(&JsValue::UNDEFINED);
    }
}

/// Returns when nobody holds the lock exclusively; never, where there are no Web Locks.
async fn wait_until_free(name: &str) {
    let options = Object::new();
    // A new ordinary object takes any property.
    let _ = Reflect::set(&options, &"mode".into(), &"shared".into());
    let callback = Closure::once_into_js(|| {});
    match request_lock(name, &options, callback.unchecked_ref()) {
        Ok(done) => drop(JsFuture::from(done).await),
        Err(_) => std::future::pending().await,
    }
}
