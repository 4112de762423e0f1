//! The seeds of a target: each file of `corpus/NAME/` is one, each line of a `.lines` file is one.

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
        if file.extension().is_some_and(|extension| extension == "lines") {
            seeds.extend(bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec));
        } else {
            seeds.push(bytes);
        }
    }
    Ok(seeds)
}
