//! How fast stanzas are read in the browser: `cargo xtask bench --only parse-wasm`. A test only in form: it asserts that the
//! reader reads, and prints how fast.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, missing_docs)]

use plausch_xmpp::xml::{Limits, parse};
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const MESSAGE: &str = "<message xmlns='jabber:client' from='romeo@montague.example/orchard.5f3a' to='juliet@capulet.example' \
    type='chat' id='de305d54-75b4-431b-adb2-eb6b9e546013'><body>Shall I hear more, or shall I speak at this? It&apos;s &quot;late&quot; \
    already &amp; I can&apos;t sleep 😀</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>\
    <origin-id xmlns='urn:xmpp:sid:0' id='de305d54-75b4-431b-adb2-eb6b9e546013'/><stanza-id xmlns='urn:xmpp:sid:0' \
    by='juliet@capulet.example' id='2024-05-01-8a3f0c9be2d14b7f'/></message>";

fn roster(contacts: usize) -> String {
    let items = (0..contacts).map(|number| {
        format!(
            "<item jid='contact{number}@server{}.example' name='Contact Number {number}' subscription='both'>\
             <group>Friends</group></item>",
            number % 7
        )
    });
    format!(
        "<iq xmlns='jabber:client' type='result' id='roster1' to='juliet@capulet.example/balcony'>\
         <query xmlns='jabber:iq:roster' ver='ver42'>{}</query></iq>",
        items.collect::<String>()
    )
}

fn megabytes_per_second(frame: &str) -> f64 {
    let rounds = 4_000_000 / frame.len();
    let begun = js_sys::Date::now();
    for _ in 0..rounds {
        assert!(parse(std::hint::black_box(frame), &Limits::default()).is_ok());
    }
    let seconds = (js_sys::Date::now() - begun) / 1_000.0;
    (rounds * frame.len()) as f64 / 1_000_000.0 / seconds
}

#[wasm_bindgen_test]
fn speed_of_the_reader() {
    for (name, frame) in [("messages", MESSAGE.to_owned()), ("a roster of 500", roster(500))] {
        let mut figures = [0.0; 5];
        figures.fill_with(|| megabytes_per_second(&frame));
        figures.sort_by(f64::total_cmp);
        console_log!("    reading {name}: {:.0} MB/s in the browser", figures[figures.len() / 2]);
    }
}
