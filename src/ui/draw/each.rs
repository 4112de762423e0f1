//! A list of elements that is drawn by difference: rows that stay keep their element and all that is in it.

use web_sys::Node;

use super::{act::Act, content::Drawn, element::El, follow, region::new_owner};
use crate::reactive::*;

struct Row {
    key: String,
    node: Node,
    _owner: Owner,
}

/// A row that is wanted, and how to draw it if it is new.
type Wanted = (String, Box<dyn FnOnce() -> El>);

/// Draws an element for each item, and keeps it as long as an item with that key is there.
pub fn each<T: 'static>(
    mut items: impl FnMut() -> Vec<T> + 'static,
    key: fn(&T) -> String,
    draw: impl Fn(T) -> El + Clone + 'static,
) -> Drawn {
    list(Box::new(move || {
        let wanted = |item: T| -> Wanted {
            let draw = draw.clone();
            (key(&item), Box::new(move || draw(item)))
        };
        items().into_iter().map(wanted).collect()
    }))
}

fn list(mut wanted: Box<dyn Act<Vec<Wanted>>>) -> Drawn {
    let end = Drawn::text("").into_node();
    let drawn = Drawn::all([end.clone()]);
    let mut rows: Vec<Row> = Vec::new();
    follow(Box::new(move || {
        let wanted = wanted.act();
        untrack(|| rows = update(std::mem::take(&mut rows), wanted, &end));
    }));
    drawn
}

fn update(rows: Vec<Row>, wanted: Vec<Wanted>, end: &Node) -> Vec<Row> {
    let Some(parent) = end.parent_node() else { return rows };
    let mut old: Vec<Option<Row>> = rows.into_iter().map(Some).collect();
    let mut places = Vec::with_capacity(wanted.len());
    let mut from = 0;
    for (key, _) in &wanted {
        let place = find(&old, key, from);
        from = place.map_or(from, |place| place.saturating_add(1));
        places.push(place);
    }
    let staying = longest_rise(&places);
    let mut new: Vec<(Option<Row>, bool)> = places
        .iter()
        .zip(staying)
        .map(|(place, stays)| (place.and_then(|place| old.get_mut(place)?.take()), stays))
        .collect();
    for row in old.into_iter().flatten() {
        let node = row.node.clone();
        // First the owner cleans up, while everything is still in its place.
        drop(row);
        // It is a child of the parent.
        let _ = parent.remove_child(&node);
    }
    // From the end, so that what a row stands before is always in its place.
    let mut next = end.clone();
    let mut rows = Vec::with_capacity(wanted.len());
    for (key, draw) in wanted.into_iter().rev() {
        let (known, stays) = new.pop().unwrap_or_default();
        let row = known.unwrap_or_else(|| fresh(key, draw));
        if !stays {
            // The next row is a child of the parent.
            let _ = parent.insert_before(&row.node, Some(&next));
        }
        next = row.node.clone();
        rows.push(row);
    }
    rows.reverse();
    rows
}

fn fresh(key: String, draw: Box<dyn FnOnce() -> El>) -> Row {
    let owner = new_owner();
    let node = owner.with(|| draw().into_element().into());
    Row { key, node, _owner: owner }
}

/// The index of a row. Lists mostly keep their order, so the search begins where the last one ended.
fn find(rows: &[Option<Row>], key: &str, from: usize) -> Option<usize> {
    let fits = |row: &&Option<Row>| row.as_ref().is_some_and(|row| row.key == key);
    let (before, after) = rows.split_at_checked(from)?;
    let later = after.iter().position(|row| fits(&row)).map(|place| place.saturating_add(from));
    later.or_else(|| before.iter().position(|row| fits(&row)))
}

/// Which of the known places may stay where they are: a longest rising sequence. All others are moved, so that focus and
/// scroll positions of what stays are not touched.
fn longest_rise(places: &[Option<usize>]) -> Vec<bool> {
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(places.len());
    for (index, place) in places.iter().enumerate() {
        let before = (0..index).filter(|earlier| {
            let earlier = places.get(*earlier).copied().flatten();
            earlier.is_some() && earlier < *place
        });
        let longest =
            before.filter_map(|earlier| Some((best.get(earlier)?.0, earlier))).max_by_key(|(length, _)| *length);
        let (length, previous) = longest.map_or((0, None), |(length, earlier)| (length, Some(earlier)));
        best.push(if place.is_some() { (length.saturating_add(1), previous) } else { (0, None) });
    }
    let mut stays = vec![false; places.len()];
    let mut at = best.iter().enumerate().filter(|(_, (length, _))| *length > 0).max_by_key(|(_, (length, _))| *length);
    while let Some((index, (_, previous))) = at {
        if let Some(stay) = stays.get_mut(index) {
            *stay = true;
        }
        at = previous.and_then(|previous| Some((previous, best.get(previous)?)));
    }
    stays
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stays(places: &[i32]) -> Vec<bool> {
        longest_rise(&places.iter().map(|place| usize::try_from(*place).ok()).collect::<Vec<_>>())
    }

    #[test]
    fn as_few_rows_as_possible_are_moved() {
        assert_eq!(stays(&[]), [false; 0]);
        assert_eq!(stays(&[0, 1, 2]), [true; 3]);
        assert_eq!(stays(&[-1, 0, 1, -1]), [false, true, true, false], "new rows are put in");
        assert_eq!(stays(&[3, 0, 1, 2]), [false, true, true, true], "one moves to the top");
        assert_eq!(stays(&[1, 2, 3, 0]), [true, true, true, false], "one moves to the end");
        assert_eq!(stays(&[2, 1, 0]).iter().filter(|stays| **stays).count(), 1);
    }
}
