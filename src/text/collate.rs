//! The order of names in the person's language.

/// Sorts by name, stably, as the language does it.
pub fn sort<T>(items: &mut Vec<T>, name: impl Fn(&T) -> String) {
    let names: Vec<String> = items.iter().map(name).collect();
    let mut slots: Vec<Option<T>> = items.drain(..).map(Some).collect();
    items.extend(order(&names).into_iter().filter_map(|index| slots.get_mut(index).and_then(Option::take)));
}

/// The indices of names in order.
#[cfg(target_arch = "wasm32")]
fn order(names: &[String]) -> Vec<usize> {
    use std::cmp::Ordering;

    use js_sys::{Array, Intl, JsString, Object};
    use wasm_bindgen::JsValue;

    let compare = Intl::Collator::new(&Array::new(), &Object::new()).compare();
    let texts: Vec<JsString> = names.iter().map(|name| JsString::from(name.as_str())).collect();
    let mut indices: Vec<usize> = (0..texts.len()).collect();
    indices.sort_by(|a, b| {
        let (Some(a), Some(b)) = (texts.get(*a), texts.get(*b)) else { return Ordering::Equal };
        let result = compare.call2(&JsValue::UNDEFINED, a, b).ok().and_then(|value| value.as_f64());
        result.and_then(|result| result.partial_cmp(&0.0)).unwrap_or(Ordering::Equal)
    });
    indices
}

/// The indices of names in order; native tests have no `Intl`.
#[cfg(not(target_arch = "wasm32"))]
fn order(names: &[String]) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..names.len()).collect();
    indices.sort_by_cached_key(|index| names.get(*index).map(|name| name.to_lowercase()));
    indices
}

#[cfg(test)]
mod tests {
    #[test]
    fn sorting_is_stable_and_loses_nothing() {
        let mut items = vec![("b", 1), ("A", 2), ("a", 3), ("", 4)];
        super::sort(&mut items, |(name, _)| (*name).to_owned());
        assert_eq!(items, [("", 4), ("A", 2), ("a", 3), ("b", 1)]);
    }
}
