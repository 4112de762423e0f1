//! Throughput of the XML reader and writer over a realistic mix, in bytes per second:
//! `cargo bench -p plausch-xmpp --bench parse`.

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use plausch_xmpp::xml::{Element, Limits, parse};

const MESSAGE: &str = "<message xmlns='jabber:client' from='romeo@montague.example/orchard.5f3a' to='juliet@capulet.example' \
    type='chat' id='de305d54-75b4-431b-adb2-eb6b9e546013'><body>Shall I hear more, or shall I speak at this? It&apos;s &quot;late&quot; \
    already &amp; I can&apos;t sleep 😀</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>\
    <origin-id xmlns='urn:xmpp:sid:0' id='de305d54-75b4-431b-adb2-eb6b9e546013'/><stanza-id xmlns='urn:xmpp:sid:0' \
    by='juliet@capulet.example' id='2024-05-01-8a3f0c9be2d14b7f'/></message>";

const PRESENCE: &str = "<presence xmlns='jabber:client' xml:lang='en' from='romeo@montague.example/orchard.5f3a' \
    to='juliet@capulet.example/balcony'><show>away</show><status>be right back</status><priority>5</priority>\
    <c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://plausch.example/' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>\
    <x xmlns='vcard-temp:x:update'><photo>01b87fcd030b72895ff8e88db57ec525450f000d</photo></x>\
    <idle xmlns='urn:xmpp:idle:1' since='2024-05-01T12:00:00Z'/></presence>";

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

fn bench(criterion: &mut Criterion) {
    let limits = Limits::default();
    let mut group = criterion.benchmark_group("xml");
    let roster = roster(500);
    let mix: Vec<&str> = [vec![MESSAGE; 100], vec![PRESENCE; 100], vec![roster.as_str()]].concat();
    let cases =
        [("message", vec![MESSAGE]), ("presence", vec![PRESENCE]), ("roster", vec![roster.as_str()]), ("mix", mix)];
    for (name, frames) in &cases {
        let bytes = frames.iter().map(|frame| frame.len() as u64).sum();
        group.throughput(Throughput::BytesDecimal(bytes));
        group.bench_function(format!("parse/{name}"), |bencher| {
            bencher.iter(|| frames.iter().for_each(|frame| drop(black_box(parse(black_box(frame), &limits)))));
        });
        let elements: Vec<Element> = frames.iter().map(|frame| parse(frame, &limits).unwrap()).collect();
        group.bench_function(format!("write/{name}"), |bencher| {
            bencher.iter(|| elements.iter().for_each(|element| drop(black_box(element.to_xml()))));
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
