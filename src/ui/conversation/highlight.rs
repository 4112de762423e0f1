//! Marks parts of texts that are drawn, without touching them: by the CSS Custom Highlight API. Where a browser does not have
//! it, nothing is marked.

use std::collections::HashMap;

use js_sys::{Array, Function, Reflect};
use plausch_model::MatchRange;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement, Node};

use super::super::kit::dom;
use crate::reactive::{document, window};
use crate::view::Found;

/// The name in the style sheet (`::highlight`).
const NAME: &str = "plausch-found";

/// Marks what was found in the messages below an element, instead of what was marked before. Tells whether there is any.
pub fn show(content: &HtmlElement, hits: &[Found]) -> bool {
    let matches: HashMap<&str, &[MatchRange]> =
        hits.iter().map(|found| (found.hit.id.as_str(), found.hit.matches.as_slice())).collect();
    let ranges = Array::new();
    if !matches.is_empty() {
        for article in dom::find_all(content, "[data-id]") {
            let id = article.get_attribute("data-id").unwrap_or_default();
            if let (Some(matches), Some(body)) = (matches.get(id.as_str()), dom::find(&article, ".message-body")) {
                mark(&body, matches, &ranges);
            }
        }
    }
    // Without the interface there is nothing to be marked.
    let _ = register(&ranges);
    ranges.length() > 0
}

/// Makes a range of each match within a text.
fn mark(body: &Element, matches: &[MatchRange], ranges: &Array) {
    let mut texts = Vec::new();
    gather(body, &mut texts);
    for found in matches {
        if let (Some(start), Some(end)) = (place(&texts, found.start), place(&texts, found.end))
            && let Ok(range) = document().create_range()
            && range.set_start(start.0, start.1).is_ok()
            && range.set_end(end.0, end.1).is_ok()
        {
            ranges.push(&range);
        }
    }
}

/// The pieces of text below a node, in order.
fn gather(node: &Node, texts: &mut Vec<(Node, String)>) {
    if node.node_type() == Node::TEXT_NODE {
        texts.push((node.clone(), node.text_content().unwrap_or_default()));
    }
    let mut child = node.first_child();
    while let Some(node) = child {
        gather(&node, texts);
        child = node.next_sibling();
    }
}

/// The piece that a byte of the whole text is in or behind, and its place there in UTF-16.
fn place(texts: &[(Node, String)], byte: u32) -> Option<(&Node, u32)> {
    let mut left = usize::try_from(byte).ok()?;
    for (node, text) in texts {
        if let Some(before) = text.get(..left) {
            return Some((node, u32::try_from(before.encode_utf16().count()).ok()?));
        }
        left = left.checked_sub(text.len())?;
    }
    None
}

fn register(ranges: &Array) -> Result<(), JsValue> {
    let get = |of: &JsValue, name: &str| Reflect::get(of, &JsValue::from_str(name));
    let registry = get(&get(&window(), "CSS")?, "highlights")?;
    let name = JsValue::from_str(NAME);
    if ranges.length() == 0 {
        get(&registry, "delete")?.dyn_into::<Function>()?.call1(&registry, &name)?;
    } else {
        let highlight = Reflect::construct(&get(&window(), "Highlight")?.dyn_into::<Function>()?, ranges)?;
        get(&registry, "set")?.dyn_into::<Function>()?.call2(&registry, &name, &highlight)?;
    }
    Ok(())
}
