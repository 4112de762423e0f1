//! The seeds of a target: each file of `corpus/NAME/` is one, each line of a `.lines` file is one,
//! and each line of a `.hex` file is one in hexadecimal digits.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Reads the seeds of a target, in a fixed order.
pub fn read(name: &str) -> io::Result<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    files.sort();
    let mut seeds = Vec::new();
    for file in files {
        let bytes = fs::read(&file)?;
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        if file.extension().is_some_and(|extension| extension == "hex") {
            seeds.extend(lines.map(unhex));
        } else if file.extension().is_some_and(|extension| extension == "lines") {
            seeds.extend(lines.map(<[u8]>::to_vec));
        } else {
            seeds.push(bytes);
        }
    }
    Ok(seeds)
}

fn unhex(line: &[u8]) -> Vec<u8> {
    let digit = |digit: &u8| char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Vec<u8> = line.iter().filter_map(digit).collect();
    digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte: u8, digit| byte << 4 | digit)).collect()
}
