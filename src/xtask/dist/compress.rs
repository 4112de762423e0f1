//! `.br` and `.gz` beside each asset, as strong as can be: they are made once and sent often.

use std::io::{Cursor, Write};

use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::Files;

/// Already compressed formats gain nothing.
const COMPRESSED: &[&str] = &[".png", ".jpg", ".webp", ".avif", ".woff2", ".ogg", ".mp3"];

const BROTLI_QUALITY: i32 = 11;
const BROTLI_WINDOW_BITS: i32 = 22;
/// Programs change their character often: with small blocks, codes follow sooner (150 bytes of the whole).
const BROTLI_BLOCK_BITS: i32 = 16;

/// One asset with its compressed forms, as far as they are smaller.
pub struct Packed {
    /// Its path.
    pub name: String,
    /// As it is.
    pub raw: Vec<u8>,
    /// After Brotli.
    pub brotli: Option<Vec<u8>>,
    /// After gzip.
    pub gzip: Option<Vec<u8>>,
}

impl Packed {
    /// A file that ships uncompressed only.
    pub fn plain(name: &str, text: String) -> Self {
        Self { name: name.to_owned(), raw: text.into_bytes(), brotli: None, gzip: None }
    }

    /// The files to write.
    pub fn files(&self) -> impl Iterator<Item = (String, &[u8])> {
        let raw = Some((self.name.clone(), self.raw.as_slice()));
        let brotli = self.brotli.as_deref().map(|bytes| (format!("{}.br", self.name), bytes));
        let gzip = self.gzip.as_deref().map(|bytes| (format!("{}.gz", self.name), bytes));
        [raw, brotli, gzip].into_iter().flatten()
    }

    /// What goes over the wire to a browser that takes Brotli.
    pub fn wire_size(&self) -> usize {
        self.brotli.as_ref().unwrap_or(&self.raw).len()
    }
}

/// Compresses all files.
pub fn pack(files: Files) -> Vec<Packed> {
    files
        .into_iter()
        .map(|(name, raw)| {
            let worth_it = !COMPRESSED.iter().any(|suffix| name.ends_with(suffix));
            let smaller = |packed: Option<Vec<u8>>| packed.filter(|packed| worth_it && packed.len() < raw.len());
            let (brotli, gzip) = (smaller(brotli(&raw)), smaller(gzip(&raw)));
            Packed { name, raw, brotli, gzip }
        })
        .collect()
}

fn brotli(raw: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let params = BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW_BITS,
        lgblock: BROTLI_BLOCK_BITS,
        size_hint: raw.len(),
        ..BrotliEncoderParams::default()
    };
    brotli::BrotliCompress(&mut Cursor::new(raw), &mut out, &params).ok()?;
    Some(out)
}

fn gzip(raw: &[u8]) -> Option<Vec<u8>> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(raw).ok()?;
    writer.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn both_forms_hold_the_same_bytes() {
        let text = "message ".repeat(500).into_bytes();
        let packed = pack(Files::from([("a.js".to_owned(), text.clone())])).remove(0);
        let mut unpacked = Vec::new();
        brotli::Decompressor::new(packed.brotli.as_deref().unwrap(), 4096).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
        unpacked.clear();
        flate2::read::GzDecoder::new(packed.gzip.as_deref().unwrap()).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
    }

    #[test]
    fn no_larger_forms() {
        let packed = pack(Files::from([("a.js".to_owned(), b"x".to_vec()), ("b.png".to_owned(), vec![0; 900])]));
        assert!(packed.iter().all(|file| file.files().count() == 1));
    }
}
