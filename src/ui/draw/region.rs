//! A place in the document whose content is replaced now and then.

use web_sys::Node;

use super::{act::Act, content::Drawn, follow};
use crate::reactive::*;

/// The place lies between two empty text nodes, wherever they are moved together.
pub struct Region {
    start: Node,
    end: Node,
    owner: Option<Owner>,
}

impl Region {
    /// Draws a region. Whenever `draw` returns something, that takes the place of what was there, whose owner cleans up
    /// first.
    pub fn follow(mut draw: Box<dyn Act<Option<Drawn>>>) -> Drawn {
        let (start, end) = (Drawn::text("").into_node(), Drawn::text("").into_node());
        let drawn = Drawn::all([start.clone(), end.clone()]);
        let mut region = Self { start, end, owner: None };
        follow(Box::new(move || {
            let owner = new_owner();
            if let Some(content) = owner.with(|| draw.act()) {
                region.replace(content, owner);
            }
        }));
        drawn
    }

    fn replace(&mut self, content: Drawn, owner: Owner) {
        drop(self.owner.replace(owner));
        let Some(parent) = self.end.parent_node() else { return };
        while let Some(old) = self.start.next_sibling().filter(|node| *node != self.end) {
            // It is a child of the parent.
            let _ = parent.remove_child(&old);
        }
        // The end is a child of the parent.
        let _ = parent.insert_before(&content.into_node(), Some(&self.end));
    }
}

/// An owner without a parent: whoever holds it lets it clean up by dropping it. (A parent would remember every child that
/// it ever had.)
pub fn new_owner() -> Owner {
    Owner::default()
}
