//! The page: reads the hoster's settings, mounts the app into the body and connects it with the engine.

#[cfg(target_arch = "wasm32")]
mod allocator;

use js_sys::{JSON, Object, Promise};
use leptos::prelude::{document, window};
use plausch_app::{Config, ConfigError, EngineLink, Placing, mount, prepare, spawn};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlElement, Request, RequestCache, RequestInit, Response};

fn main() {
    spawn(start());
}

async fn start() {
    // Other pages say themselves where to put the app.
    let Some(skeleton) = document().get_element_by_id("start") else { return };
    // Most hosters leave the language to the browser: then its texts come beside the settings.
    prepare(None, || ());
    let config = settings().await;
    let Some(body) = document().body() else { return };
    match config {
        Ok(config) => prepare(config.locale, move || {
            // What `index.html` shows until now.
            skeleton.remove();
            run(&body, config);
        }),
        Err(error) => {
            skeleton.remove();
            refuse(&body, &error.to_string());
        }
    }
}

fn run(body: &HtmlElement, config: Config) {
    let settings = config.worker_settings();
    if let Ok(app) = mount(body, config, Placing::Page) {
        let link = EngineLink::connect(settings, app.receiver());
        app.attach(move |message| link.send(message));
        // The app lives as long as its page.
        std::mem::forget(app);
    }
}

/// Reads `config.json`. A missing file means defaults.
async fn settings() -> Result<Config, ConfigError> {
    let unreadable = |error: JsValue| ConfigError::Unreadable(String::from(Object::from(error).to_string()));
    let answer = JsFuture::from(request().map_err(unreadable)?).await.map_err(unreadable)?;
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
