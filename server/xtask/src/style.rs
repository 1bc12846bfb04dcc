//! The style sheet: many files to write, one to load.

use std::fs;
use std::path::Path;

use crate::Failure;

/// The text of a style sheet with everything it imports, in order. A line
/// `@import "field.css" layer(components);` becomes that file inside that layer.
pub fn flatten(file: &Path) -> Result<String, Failure> {
    flatten_below(file, 0)
}

fn flatten_below(file: &Path, depth: usize) -> Result<String, Failure> {
    if depth > 8 {
        return Err(Failure::new(format!(
            "{} imports itself: break the circle.",
            file.display()
        )));
    }
    let text = fs::read_to_string(file).map_err(Failure::files("read", file))?;
    let mut flat = String::with_capacity(text.len());
    for line in text.lines() {
        let Some(import) = line.trim().strip_prefix("@import ") else {
            flat.push_str(line);
            flat.push('\n');
            continue;
        };
        let Some((name, rest)) = parse(import) else {
            return Err(Failure::new(format!(
                "{}: write imports as @import \"file.css\"; or @import \"file.css\" layer(name); \
                 instead of: {line}",
                file.display()
            )));
        };
        let imported = flatten_below(&file.with_file_name(name), depth + 1)?;
        match rest {
            Some(layer) => flat.push_str(&format!("@layer {layer} {{\n{imported}}}\n")),
            None => flat.push_str(&imported),
        }
    }
    Ok(flat)
}

/// The file and the layer of an import.
fn parse(import: &str) -> Option<(&str, Option<&str>)> {
    let (name, rest) = import
        .strip_prefix("url(")
        .unwrap_or(import)
        .strip_prefix('"')?
        .split_once('"')?;
    let rest = rest
        .trim_start_matches(')')
        .trim()
        .strip_suffix(';')?
        .trim();
    if rest.is_empty() {
        return Some((name, None));
    }
    Some((name, Some(rest.strip_prefix("layer(")?.strip_suffix(')')?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout::testing::Temporary;

    #[test]
    fn imports_become_one_text_in_order() {
        let folder = Temporary::make();
        let write = |name: &str, text: &str| fs::write(folder.0.join(name), text).unwrap();
        fs::create_dir(folder.0.join("components")).unwrap();
        write(
            "main.css",
            "@layer base, parts;\n@import \"a.css\";\n@import \"components/b.css\" layer(parts);\n",
        );
        write("a.css", "a {}\n");
        write("components/b.css", "@import \"c.css\";\nb {}\n");
        write("components/c.css", "c {}");
        let flat = flatten(&folder.0.join("main.css")).unwrap();
        assert_eq!(
            flat,
            "@layer base, parts;\na {}\n@layer parts {\nc {}\nb {}\n}\n"
        );
    }

    #[test]
    fn circles_and_foreign_imports_are_named() {
        let folder = Temporary::make();
        let file = folder.0.join("main.css");
        fs::write(&file, "@import \"main.css\";\n").unwrap();
        assert!(
            flatten(&file)
                .unwrap_err()
                .to_string()
                .contains("imports itself")
        );
        fs::write(&file, "@import 'x.css' screen;\n").unwrap();
        assert!(
            flatten(&file)
                .unwrap_err()
                .to_string()
                .contains("write imports as")
        );
    }
}
