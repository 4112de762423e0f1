//! Makes an avatar of a picture file: decoded by the browser, cut to a small square and encoded anew, so that nothing
//! of the file (position, camera, comments) but its pixels leaves the device.

use js_sys::{Promise, Uint8Array};
use plausch_model::{Avatar, AvatarId};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, CanvasRenderingContext2d, File, HtmlCanvasElement, HtmlImageElement, Url};

use crate::reactive::*;

/// The side of the square, in pixels.
const SIDE: u32 = 192;
/// Larger files are not even looked at.
const MOST_BYTES: f64 = 20_000_000.0;
/// Larger pictures are not drawn.
const MOST_PIXELS: f64 = 60_000_000.0;
/// Larger than this, the picture is sent as JPEG.
const MOST_PNG_BYTES: usize = 48_000;

/// The avatar of a file; `None` if the file is not a picture that can be used.
pub async fn avatar_of(file: &File) -> Option<Avatar> {
    let permitted = matches!(file.type_().as_str(), "image/png" | "image/jpeg" | "image/gif" | "image/webp");
    if !permitted || file.size() > MOST_BYTES {
        return None;
    }
    let image = decoded(file).await?;
    let canvas = square(&image)?;
    let png = encoded(&canvas, "image/png").await?;
    let (media_type, bytes) = if png.len() > MOST_PNG_BYTES {
        ("image/jpeg", encoded(&canvas, "image/jpeg").await?)
    } else {
        ("image/png", png)
    };
    let id = AvatarId::new(sha1_smol::Sha1::from(&bytes).digest().to_string());
    Some(Avatar { id, media_type: media_type.to_owned(), bytes })
}

async fn decoded(file: &File) -> Option<HtmlImageElement> {
    let image = HtmlImageElement::new().ok()?;
    let address = Url::create_object_url_with_blob(file).ok()?;
    image.set_src(&address);
    let decoded = JsFuture::from(image.decode()).await;
    let _ = Url::revoke_object_url(&address);
    decoded.ok().map(|_| image)
}

/// The middle of a picture as a square.
fn square(image: &HtmlImageElement) -> Option<HtmlCanvasElement> {
    let (wide, high) = (f64::from(image.natural_width()), f64::from(image.natural_height()));
    if wide < 1.0 || high < 1.0 || wide * high > MOST_PIXELS {
        return None;
    }
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
    canvas.set_width(SIDE);
    canvas.set_height(SIDE);
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    let (cut, side) = (wide.min(high), f64::from(SIDE));
    let (x, y) = ((wide - cut) / 2.0, (high - cut) / 2.0);
    context
        .draw_image_with_html_image_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
            image, x, y, cut, cut, 0.0, 0.0, side, side,
        )
        .ok()?;
    Some(canvas)
}

async fn encoded(canvas: &HtmlCanvasElement, media_type: &str) -> Option<Vec<u8>> {
    let promise = Promise::new(&mut |resolve, reject| {
        let done = Closure::once_into_js(move |blob: JsValue| {
            let _ = resolve.call1(&JsValue::UNDEFINED, &blob);
        });
        if let Err(error) = canvas.to_blob_with_type(done.unchecked_ref(), media_type) {
            let _ = reject.call1(&JsValue::UNDEFINED, &error);
        }
    });
    let blob: Blob = JsFuture::from(promise).await.ok()?.dyn_into().ok()?;
    let buffer = JsFuture::from(blob.array_buffer()).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}
