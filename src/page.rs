//! What the page around the app tells it: whether it can be seen, whether there is a network; and pictures, which only
//! a page can show.

use std::{pin::Pin, rc::Rc};

use js_sys::{Array, Function, Reflect, Uint8Array};
use plausch_model::{Avatar, ToEngine};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, BlobPropertyBag, Url};

use crate::reactive::*;
use crate::{
    inbox::Inbox,
    view::{Account, Pictures, State},
};

/// Runs a future beside everything else. Boxed, as leptos does it, so that what runs futures is compiled once and not for
/// each.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    spawn_boxed(Box::pin(future));
}

fn spawn_boxed(future: Pin<Box<dyn Future<Output = ()>>>) {
    spawn_local(future);
}

/// What the page's script says of the app's files (public/mount.js).
pub fn files() -> Option<JsValue> {
    Reflect::get(&js_sys::global(), &"plausch".into()).ok().filter(JsValue::is_object)
}

/// Calls a function of the page's script. A page that embeds the app has none.
pub fn call(part: &str, name: &str, values: &[JsValue]) -> Option<JsValue> {
    let of = |object: JsValue, name: &str| Reflect::get(&object, &name.into()).ok();
    let function = of(of(files()?, part)?, name)?.dyn_into::<Function>().ok()?;
    function.apply(&JsValue::UNDEFINED, &values.iter().collect()).ok()
}

/// Listens to the page.
pub fn listen(state: State, inbox: &Rc<Inbox>) {
    state.pictures.set_value(Rc::new(|pictures| match pictures {
        Pictures::Show(account, avatar) => show(account, *avatar),
        Pictures::Forget(addresses) => addresses.iter().for_each(|address| forget(address)),
    }));
    state.set_looking(!document().hidden());
    let inbox = Rc::clone(inbox);
    let visibility = window_event_listener(ev::visibilitychange, move |_| {
        state.set_looking(!document().hidden());
        // What waited for a frame that a hidden page does not get.
        inbox.drain();
    });
    let online = window_event_listener(ev::online, move |_| state.tell(&ToEngine::Network { up: true }));
    let offline = window_event_listener(ev::offline, move |_| state.tell(&ToEngine::Network { up: false }));
    on_cleanup(move || {
        visibility.remove();
        online.remove();
        offline.remove();
    });
}

/// Makes a picture of an avatar's bytes. Only the media types of raster images are given to the browser.
fn show(account: Account, avatar: Avatar) {
    let permitted = matches!(avatar.media_type.as_str(), "image/png" | "image/jpeg" | "image/gif" | "image/webp");
    if !permitted {
        return;
    }
    let options = BlobPropertyBag::new();
    options.set_type(&avatar.media_type);
    let parts = Array::of1(&Uint8Array::from(avatar.bytes.as_slice()));
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options);
    let address = blob.and_then(|blob| Url::create_object_url_with_blob(&blob));
    if let Ok(address) = address
        && let Some(old) = account.avatars.put(&avatar.id, address)
    {
        forget(&old);
    }
}

fn forget(address: &str) {
    // Only what is no blob address fails.
    let _ = Url::revoke_object_url(address);
}
