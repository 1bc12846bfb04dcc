//! What `web` serves: program code, worker, style, fonts, pictures; compressed beforehand, and listed
//! with their digests in `manifest.json`, from which the pages take their integrity attributes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256, Sha384};

use crate::compress::Cache;
use crate::stage::Stages;
use crate::wasm::{APP, CRYPTO, FILTER, Module};
use crate::{Checkout, Failure, split, style};

/// The typeface: one variable file each for Latin and Latin Extended, with its licence.
const FONT: &str = "style/node_modules/@fontsource-variable/instrument-sans";
const FONT_FILES: [(&str, &str); 3] = [
    (
        "files/instrument-sans-latin-wght-normal.woff2",
        "instrument-sans-latin-wght-normal.woff2",
    ),
    (
        "files/instrument-sans-latin-ext-wght-normal.woff2",
        "instrument-sans-latin-ext-wght-normal.woff2",
    ),
    ("LICENSE", "LICENSE-instrument-sans.txt"),
];

/// Contents by the path under which they are served.
type Files = BTreeMap<String, Vec<u8>>;

/// Builds everything into the site folder.
pub fn all(checkout: &Checkout, stages: &mut Stages) -> Result<(), Failure> {
    for module in [APP, CRYPTO, FILTER] {
        stages.run(&format!("wasm {}", module.name), || {
            module.compile(checkout)
        })?;
    }
    stages.run("site", || {
        let files = collect(checkout)?;
        let cache = Cache::open(checkout.target().join("compressed"))?;
        let first_load = write(&checkout.site(), &cache, &files)?;
        eprintln!(
            "    program code of a first load: {} KB as brotli",
            first_load.div_ceil(1024)
        );
        Ok(())
    })
}

fn collect(checkout: &Checkout) -> Result<Files, Failure> {
    let mut files = Files::new();
    for module in [APP, CRYPTO] {
        add_module(checkout, &module, &mut files)?;
    }
    add(
        &mut files,
        "pkg/prime_filter.wasm",
        &FILTER.compiled(checkout),
    )?;
    add(
        &mut files,
        "worker.js",
        &checkout.path("crypto-wasm/worker.js"),
    )?;
    let css = style::flatten(&checkout.path("style/main.css"))?;
    files.insert("app.css".to_owned(), css.into_bytes());
    for (file, name) in FONT_FILES {
        add(
            &mut files,
            &format!("fonts/{name}"),
            &checkout.path(FONT).join(file),
        )?;
    }
    let assets = checkout.path("style/assets");
    if assets.is_dir() {
        add_folder(&mut files, "", &assets)?;
    }
    Ok(files)
}

fn add_module(checkout: &Checkout, module: &Module, files: &mut Files) -> Result<(), Failure> {
    let folder = module.bind(checkout)?;
    add_folder(files, "pkg/", &folder)
}

fn add(files: &mut Files, path: &str, file: &Path) -> Result<(), Failure> {
    let content = fs::read(file).map_err(Failure::files("read", file))?;
    files.insert(path.to_owned(), content);
    Ok(())
}

fn add_folder(files: &mut Files, prefix: &str, folder: &Path) -> Result<(), Failure> {
    for entry in fs::read_dir(folder).map_err(Failure::files("read", folder))? {
        let entry = entry.map_err(Failure::files("read", folder))?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            add_folder(files, &format!("{path}/"), &entry.path())?;
        } else {
            add(files, &path, &entry.path())?;
        }
    }
    Ok(())
}

/// Writes what changed and removes what is no longer there. Answers how many bytes of program code a
/// browser loads at first.
fn write(site: &Path, cache: &Cache, files: &Files) -> Result<usize, Failure> {
    let mut list = Map::new();
    let mut wanted = Files::new();
    let mut first_load = 0;
    for (path, content) in files {
        let sha256 = HEXLOWER.encode(&Sha256::digest(content));
        let integrity = format!("sha384-{}", BASE64.encode(&Sha384::digest(content)));
        let compressed = cache.brotli(path, content, &sha256)?;
        let brotli_bytes = compressed.as_ref().map(Vec::len);
        if is_loaded_at_first(path) {
            first_load += brotli_bytes.unwrap_or(content.len());
        }
        list.insert(
            path.clone(),
            json!({
                "sha256": sha256,
                "integrity": integrity,
                "bytes": content.len(),
                "brotli_bytes": brotli_bytes,
            }),
        );
        if let Some(compressed) = compressed {
            wanted.insert(format!("{path}.br"), compressed);
        }
        wanted.insert(path.clone(), content.clone());
    }
    let text = format!("{:#}\n", json!({ "files": Value::Object(list) }));
    for (path, content) in &wanted {
        put(&site.join(path), content)?;
    }
    put(&site.join("manifest.json"), text.as_bytes())?;
    remove_others(site, "", &wanted)?;
    Ok(first_load)
}

/// Program code that a browser loads before a customer with a device sees their accounts. The parts
/// that were cut off, and what makes keys quicker, are fetched later; a test in the browser tells if that changes.
fn is_loaded_at_first(path: &str) -> bool {
    match path.rsplit_once('.') {
        Some((_, "js")) => true,
        Some((name, "wasm")) => !split::is_part(name) && !name.ends_with(FILTER.name),
        _ => false,
    }
}

fn put(file: &Path, content: &[u8]) -> Result<(), Failure> {
    if fs::read(file).is_ok_and(|before| before == content) {
        return Ok(());
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(Failure::files("make", folder))?;
    }
    fs::write(file, content).map_err(Failure::files("write", file))
}

fn remove_others(folder: &Path, prefix: &str, wanted: &Files) -> Result<(), Failure> {
    for entry in fs::read_dir(folder).map_err(Failure::files("read", folder))? {
        let entry = entry.map_err(Failure::files("read", folder))?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            remove_others(&entry.path(), &format!("{path}/"), wanted)?;
        } else if path != "manifest.json" && !wanted.contains_key(&path) {
            fs::remove_file(entry.path()).map_err(Failure::files("remove", &entry.path()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout::testing::Temporary;

    fn files(list: &[(&str, &str)]) -> Files {
        list.iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn the_folder_holds_what_was_built_last_and_its_list() {
        let folder = Temporary::make();
        let (site, cache) = (folder.0.join("site"), folder.0.join("cache"));
        let cache = Cache::open(cache).unwrap();
        let there = |path: &str| site.join(path).exists();
        write(
            &site,
            &cache,
            &files(&[("pkg/app.js", "one"), ("old.svg", "<svg/>")]),
        )
        .unwrap();
        assert!(there("pkg/app.js.br") && there("old.svg.br"));

        write(&site, &cache, &files(&[("pkg/app.js", "two")])).unwrap();
        assert!(!there("old.svg") && !there("old.svg.br"));
        let list = fs::read(site.join("manifest.json")).unwrap();
        let list: Value = serde_json::from_slice(&list).unwrap();
        let integrity = format!("sha384-{}", BASE64.encode(&Sha384::digest("two")));
        assert_eq!(list["files"]["pkg/app.js"]["integrity"], integrity);
        assert_eq!(list["files"].as_object().unwrap().len(), 1);
        let compressed = fs::read(site.join("pkg/app.js.br")).unwrap();
        let mut opened = Vec::new();
        brotli::BrotliDecompress(&mut &*compressed, &mut opened).unwrap();
        assert_eq!(opened, b"two");
    }
}
