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
    use std::collections::{HashMap, VecDeque};

    use js_sys::{Array, Intl, Object};
    use wasm_bindgen::JsValue;

    // The browser sorts by itself: a comparison that goes back and forth costs more than the whole sorting.
    let texts: Array = names.iter().map(|name| JsValue::from_str(name)).collect();
    let collator = Intl::Collator::new(&Array::new(), &Object::new());
    let sorted = js_sys::Reflect::get(&texts, &"sort".into());
    if let Ok(sort) = sorted.map(js_sys::Function::from) {
        // Without an order of the language the names stay as they are.
        let _ = sort.call1(&texts, &collator.compare());
    }
    let mut places: HashMap<&str, VecDeque<usize>> = HashMap::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        places.entry(name).or_default().push_back(index);
    }
    let place = |text: JsValue| places.get_mut(text.as_string()?.as_str())?.pop_front();
    texts.iter().filter_map(place).collect()
}

/// The indices of names in order; native tests have no `Intl`.
#[cfg(not(target_arch = "wasm32"))]
fn order(names: &[String]) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..names.len()).collect();
    indices.sort_by_cached_key(|index| names.get(*index).map(|name| super::fold::lower(name)));
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
