//! Writes the dictionary of misspellings as one text. As the constant that its crate has, with an address for each word
//! that is relocated at every start, it would be a sixth of the program.

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    // A word that may be meant for several others is none that could be put right.
    let entries = typos_dict::WORD.map.entries().filter_map(|(wrong, right)| match right {
        [right] if !right.contains(' ') => Some(format!("{} {right}", wrong.to_string().to_lowercase())),
        _ => None,
    });
    let mut words: Vec<String> = entries.collect();
    words.sort_unstable();
    let folder = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&folder).join("misspelt.txt"), words.join("\n"))?;
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}
