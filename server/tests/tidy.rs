//! Style is a test: sizes, names, dependency directions and the map in the README.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file over this is several files.
const LINES_MAX: usize = 400;
/// Names that say nothing about what is inside.
const FORBIDDEN: [&str; 8] = [
    "utils", "helpers", "common", "misc", "types", "manager", "service", "data",
];
/// Which of our crates each crate may use: the picture in the README, as a rule.
const MAY_USE: [(&str, &[&str]); 10] = [
    ("crypto-wasm/message", &[]),
    ("crypto-wasm/envelope", &["message"]),
    ("crypto-wasm", &["message", "envelope"]),
    ("app", &["message"]),
    ("server/ledger", &["message"]),
    ("server/node", &[]),
    ("server/relay", &["message", "envelope", "node"]),
    (
        "server/bank",
        &["message", "envelope", "ledger", "relay", "node"],
    ),
    (
        "server",
        &[
            "message", "envelope", "ledger", "node", "relay", "bank", "app",
        ],
    ),
    ("server/xtask", &[]),
];
const OURS: [&str; 9] = [
    "message",
    "envelope",
    "crypto-wasm",
    "app",
    "ledger",
    "node",
    "relay",
    "bank",
    "server",
];

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

fn sources(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with('.') || name == "target" || name == "node_modules" {
            continue;
        }
        if path.is_dir() {
            sources(&path, ending, found);
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

fn all(endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    endings
        .iter()
        .for_each(|ending| sources(&top(), ending, &mut found));
    assert!(!found.is_empty(), "the walk must find files");
    found
}

#[test]
fn files_stay_readable() {
    let long: Vec<String> = all(&[".rs", ".css", ".mjs", ".sql"])
        .into_iter()
        .filter_map(|path| {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            (lines > LINES_MAX).then(|| format!("{} has {lines} lines", path.display()))
        })
        .collect();
    assert!(long.is_empty(), "split these files:\n{}", long.join("\n"));
}

#[test]
fn names_say_what_is_inside() {
    for path in all(&[".rs"]) {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(
            !FORBIDDEN.contains(&stem.as_str()),
            "rename {}",
            path.display()
        );
    }
}

#[test]
fn dependencies_point_one_way() {
    for (folder, allowed) in MAY_USE {
        let path = top().join(folder).join("Cargo.toml");
        let manifest: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        let used = manifest["dependencies"].as_table().unwrap();
        for name in OURS {
            assert!(
                !used.contains_key(name) || allowed.contains(&name),
                "{folder} must not use {name}"
            );
        }
    }
}

#[test]
fn every_migration_is_taken_into_the_program_in_its_order() {
    let listed: String = [
        "relay/src/migrate.rs",
        "bank/src/lib.rs",
        "src/roles/authority.rs",
    ]
    .map(|file| fs::read_to_string(top().join("server").join(file)).unwrap())
    .concat();
    let mut from = 0;
    let mut migrations = all(&[".sql"]);
    migrations.retain(|path| {
        path.components()
            .any(|part| part.as_os_str() == "migrations")
    });
    assert!(migrations.len() > 10, "the walk must find migrations");
    migrations.sort();
    for path in migrations {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let number = stem
            .split_once('_')
            .and_then(|(number, _)| number.parse().ok());
        let number: u32 = number.expect("a migration is called NUMBER_NAME.sql");
        let next = if number == 1 { 1 } else { from + 1 };
        assert_eq!(number, next, "{} leaves a number out", path.display());
        from = number;
        let literal = format!("\"{stem}\"");
        assert!(listed.contains(&literal), "nothing runs {}", path.display());
    }
}

#[test]
fn pages_never_link_key_code() {
    let manifest = fs::read_to_string(top().join("app/Cargo.toml")).unwrap();
    for word in ["envelope", "rsa", "aes-gcm", "ed25519"] {
        assert!(!manifest.contains(word), "app must not depend on {word}");
    }
}

#[test]
fn the_readme_maps_every_crate_and_its_links_lead_somewhere() {
    let readme = fs::read_to_string(top().join("README.md")).unwrap();
    for (folder, _) in MAY_USE {
        assert!(
            readme.contains(&format!("[{folder}]")),
            "README does not map {folder}"
        );
    }
    for link in readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
    {
        if !link.starts_with("http") {
            let target = link.split('#').next().unwrap_or_default();
            assert!(
                top().join(target).exists(),
                "README links to {link}, which is not there"
            );
        }
    }
}

#[test]
fn nothing_is_left_for_later() {
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat()];
    for path in all(&[".rs", ".css", ".mjs", ".sql", ".toml"]) {
        let text = fs::read_to_string(&path).unwrap();
        for mark in &marks {
            assert!(
                !text.contains(mark.as_str()),
                "{} has a {mark}",
                path.display()
            );
        }
    }
}
