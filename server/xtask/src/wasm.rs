//! The browser's half: compiled by cargo, given its JavaScript by the bindings generator.

use std::fs;
use std::path::PathBuf;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::install::WASM;
use crate::{Checkout, Failure, cargo, split};

/// One module that a browser loads.
pub struct Module {
    /// The package.
    package: &'static str,
    /// The features that make it the browser's.
    features: &'static [&'static str],
    /// What the compiler is told for this package alone.
    flags: &'static [&'static str],
    /// The file that cargo writes.
    file: &'static str,
    /// The name under which it is served.
    pub name: &'static str,
}

/// Relocations say which function needs which: where a module can be cut.
const CUT: [&str; 2] = ["-C", "link-args=--emit-relocs"];

/// The pages.
pub const APP: Module = Module {
    package: "app",
    features: &["--no-default-features", "--features", "hydrate"],
    file: "app.wasm",
    name: "app",
    flags: &CUT,
};

/// What the worker loads.
pub const CRYPTO: Module = Module {
    package: "crypto-wasm",
    features: &[],
    file: "crypto_wasm.wasm",
    name: "crypto",
    flags: &CUT,
};

/// What makes keys quicker in browsers with vector instructions; the others do without. A file of a
/// few kilobytes that imports nothing.
pub const FILTER: Module = Module {
    package: "prime-filter",
    features: &[],
    file: "prime_filter.wasm",
    name: "prime_filter",
    flags: &[
        "-C",
        "target-feature=+simd128",
        "-C",
        "opt-level=3",
        "-C",
        "strip=symbols",
        // The rest of its memory is overwritten after each call: the less, the sooner.
        "-C",
        "link-arg=-zstack-size=16384",
    ],
};

impl Module {
    /// Compiles the module.
    pub fn compile(&self, checkout: &Checkout) -> Result<(), Failure> {
        let front = checkout.front().display().to_string();
        let fixed = [
            "rustc",
            "--lib",
            "--crate-type",
            "cdylib",
            "--profile",
            "wasm",
            "--target",
            WASM,
        ];
        let chosen = ["--package", self.package, "--target-dir", &front];
        let flags = [&["--"], self.flags].concat();
        cargo::run(
            checkout,
            &[&fixed[..], &chosen, self.features, &flags].concat(),
        )
    }

    /// The file that cargo has written.
    pub fn compiled(&self, checkout: &Checkout) -> PathBuf {
        checkout.front().join(WASM).join("wasm").join(self.file)
    }

    /// Makes the served form, unless it was made from the same module before. Answers its folder.
    pub fn bind(&self, checkout: &Checkout) -> Result<PathBuf, Failure> {
        let front = checkout.front();
        let input = self.compiled(checkout);
        let folder = front.join("bound").join(self.name);
        let bytes = fs::read(&input).map_err(Failure::files("read", &input))?;
        let digest = HEXLOWER.encode(&Sha256::digest(&bytes));
        let stamp = folder.with_extension("digest");
        if fs::read_to_string(&stamp).is_ok_and(|before| before == digest) {
            return Ok(folder);
        }
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(Failure::files("remove", &folder))?;
        }
        let failed =
            |error| Failure::new(format!("The bindings of {} failed: {error}.", self.name));
        let main = split::cut(self.name, &bytes, &folder)?;
        let mut bindgen = Bindgen::new();
        bindgen
            .input_bytes(self.name, main)
            .out_name(self.name)
            .typescript(false)
            // The parts share the main one's table of functions.
            .keep_lld_exports(true);
        // Names are left out here and not by the compiler's `strip`, which also drops the section
        // that says which processor features the module needs.
        bindgen
            .remove_name_section(true)
            .remove_producers_section(true);
        bindgen
            .web(true)
            .map_err(failed)?
            .generate(&folder)
            .map_err(failed)?;
        fs::write(&stamp, digest).map_err(Failure::files("write", &stamp))?;
        Ok(folder)
    }
}
