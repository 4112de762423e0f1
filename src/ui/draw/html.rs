//! The elements that the app is made of.

use super::element::El;
use crate::reactive::*;

const SVG: &str = "http://www.w3.org/2000/svg";

fn html(name: &str) -> El {
    // Every name below is valid, so the document makes the element.
    #[allow(clippy::expect_used, reason = "a valid name makes an element")]
    El::new(document().create_element(name).expect("a valid name makes an element"))
}

fn drawing(name: &str) -> El {
    #[allow(clippy::expect_used, reason = "a valid name makes an element")]
    El::new(document().create_element_ns(Some(SVG), name).expect("a valid name makes an element"))
}

macro_rules! elements {
    ($make:ident: $($name:ident)+) => { $(
        #[doc = concat!("`<", stringify!($name), ">`")]
        pub fn $name() -> El {
            $make(stringify!($name))
        }
    )+ };
}

elements! { html:
    a article aside bdi button dd details dialog div dl dt fieldset footer form h1 h2 h3 header img input kbd label legend li
    main mark meter nav p section span summary textarea time ul
}

elements! { drawing: svg path }
