//! Loading on demand: cuts a module where its functions say `wasm_split`, and gives every part that is
//! fetched later the digest that it must have. The script that fetches them is itself covered by a
//! digest in the page, as every script is.

use std::fs;
use std::path::Path;

use data_encoding::BASE64;
use sha2::{Digest as _, Sha384};
use wasm_split_cli_support::{Options, transform};

use crate::Failure;

/// Cuts a module. The parts and the script that fetches them are written to `folder`, into which the
/// bindings are made afterwards; the main part is answered.
pub fn cut(name: &str, module: &[u8], folder: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: String| Failure::new(format!("Cutting {name} failed: {error}."));
    let main = folder.with_extension("main");
    let link_name = format!("./{name}_parts.js");
    let main_module = format!("./{name}.js");
    let mut options = Options::new(module);
    options.output_dir = folder;
    options.main_out_path = &main;
    options.link_name = &link_name;
    options.main_module = &main_module;
    let parts = transform(options).map_err(|error| failed(format!("{error:#}")))?;
    let script = folder.join(&link_name);
    let mut loader = fs::read_to_string(&script).map_err(Failure::files("read", &script))?;
    for path in parts.split_modules {
        let bytes = fs::read(&path).map_err(Failure::files("read", &path))?;
        let bytes = tidy(&bytes).map_err(|error| failed(format!("{error:#}")))?;
        // Beside the other part of the same name.
        let part = path.file_name().unwrap_or_default().to_string_lossy();
        let served = format!("{name}_{part}");
        fs::write(folder.join(&served), &bytes).map_err(Failure::files("write", folder))?;
        fs::remove_file(&path).map_err(Failure::files("remove", &path))?;
        loader = checked(&loader, &part, &served, &bytes)
            .ok_or_else(|| failed(format!("the script does not fetch {part} once")))?;
    }
    fs::write(&script, loader).map_err(Failure::files("write", &script))?;
    let bytes = fs::read(&main).map_err(Failure::files("read", &main))?;
    fs::remove_file(&main).map_err(Failure::files("remove", &main))?;
    Ok(bytes)
}

/// Whether this is the name of a part that [`cut`] has made.
pub fn is_part(name: &str) -> bool {
    ["_split_", "_chunk_"]
        .iter()
        .any(|mark| name.contains(mark))
}

/// Without names, and without the room that the linker leaves for relocations.
fn tidy(part: &[u8]) -> walrus::Result<Vec<u8>> {
    let mut config = walrus::ModuleConfig::new();
    config
        .generate_name_section(false)
        .generate_producers_section(false);
    Ok(config.parse(part)?.emit_wasm())
}

/// The script with the digest of a part where it is fetched, and the name under which it is served.
fn checked(script: &str, part: &str, served: &str, bytes: &[u8]) -> Option<String> {
    let before = format!("fetch(new URL(\"./{part}\", import.meta.url))");
    if script.matches(&before).count() != 1 {
        return None;
    }
    let digest = BASE64.encode(&Sha384::digest(bytes));
    let after = format!(
        "fetch(new URL(\"./{served}\", import.meta.url), {{ integrity: \"sha384-{digest}\" }})"
    );
    Some(script.replace(&before, &after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_fetched_with_its_digest() {
        let script = "const src = fetch(new URL(\"./split_pay.wasm\", import.meta.url));";
        let now = checked(script, "split_pay.wasm", "app_split_pay.wasm", b"part").unwrap();
        let digest = BASE64.encode(&Sha384::digest("part"));
        assert_eq!(
            now,
            format!(
                "const src = fetch(new URL(\"./app_split_pay.wasm\", import.meta.url), \
                 {{ integrity: \"sha384-{digest}\" }});"
            )
        );
    }

    #[test]
    fn a_script_that_fetches_in_another_way_is_not_served() {
        assert_eq!(checked("fetch('x')", "split_pay.wasm", "x", b"part"), None);
    }
}
