//! The page: reads the hoster's settings, mounts the app into the body and connects it with the engine.

#[cfg(target_arch = "wasm32")]
mod allocator;

use js_sys::{JSON, Object, Promise, Reflect};
use leptos::prelude::{document, window};
use plausch_app::{App, Config, ConfigError, EngineLink, Lifeline, Placing, files, prepare, spawn};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlElement, Request, RequestCache, RequestInit, Response};

fn main() {
    spawn(start());
}

async fn start() {
    // Other pages say themselves where to put the app.
    let Some(skeleton) = document().get_element_by_id("start") else { return };
    // Most hosters leave the language to the browser: then its texts come beside the settings.
    prepare(None, || ());
    let lifeline = Lifeline::ask();
    let config = settings().await;
    let Some(body) = document().body() else { return };
    match config {
        Ok(config) => prepare(config.locale, move || {
            spawn(async move {
                run(&body, &skeleton, config, lifeline).await;
            });
        }),
        Err(error) => {
            skeleton.remove();
            refuse(&body, &error.to_string());
        }
    }
}

async fn run(body: &HtmlElement, skeleton: &Element, config: Config, lifeline: Option<Lifeline>) {
    let settings = config.worker_settings();
    let mut app = App::new(config, Placing::Page);
    let link = EngineLink::new(app.receiver());
    let greeted = link.connect(settings, lifeline);
    app.attach(move |message| link.send(message));
    greeted.await;
    last_view().await;
    app.come_back().await;
    // What `index.html` shows until now.
    skeleton.remove();
    if app.mount(body).is_ok() {
        // The app lives as long as its page.
        std::mem::forget(app);
    }
}

/// Waits until the last view is painted, or it is known that there is none: with it comes the place that it shows.
async fn last_view() {
    let last = files().and_then(|files| Reflect::get(&files, &"last".into()).ok());
    let shown = last.and_then(|last| Reflect::get(&last, &"shown".into()).ok()?.dyn_into::<Promise>().ok());
    if let Some(shown) = shown {
        // It is never rejected.
        let _ = JsFuture::from(shown).await;
    }
}

/// Reads `config.json`. A missing file means defaults.
async fn settings() -> Result<Config, ConfigError> {
    let unreadable = |error: JsValue| ConfigError::Unreadable(String::from(Object::from(error).to_string()));
    let asked = early().map_or_else(request, Ok);
    let answer = JsFuture::from(asked.map_err(unreadable)?).await.map_err(unreadable)?;
    let response: Response = answer.unchecked_into();
    if response.status() == 404 {
        return Ok(Config::default());
    }
    if !response.ok() {
        return Err(ConfigError::Unreadable(response.status().to_string()));
    }
    let text = JsFuture::from(response.text().map_err(unreadable)?).await.map_err(unreadable)?;
    let parsed = JSON::parse(&text.as_string().unwrap_or_default()).map_err(|_| ConfigError::NotAnObject)?;
    Config::from_js(&parsed)
}

/// What the page's script has asked for before the app was there.
fn early() -> Option<Promise> {
    Reflect::get(&files()?, &"settings".into()).ok()?.dyn_into().ok()
}

fn request() -> Result<Promise, JsValue> {
    let options = RequestInit::new();
    options.set_cache(RequestCache::NoCache);
    let request = Request::new_with_str_and_init("config.json", &options)?;
    Ok(window().fetch_with_request(&request))
}

/// Says what is wrong with the settings, to the one who has to mend them.
fn refuse(body: &HtmlElement, words: &str) {
    let Ok(note) = document().create_element("p") else { return };
    // Setting an attribute with a valid name and a text cannot fail.
    let _ = note.set_attribute("role", "alert");
    note.set_text_content(Some(words));
    let _ = body.append_child(&note);
}
