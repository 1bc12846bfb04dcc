//! Compression before serving: brotli at its best, made once for each content.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use brotli::enc::BrotliEncoderParams;

use crate::Failure;

/// Compressed contents by the digest of what they were made from, kept between builds.
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The cache in this folder.
    pub fn open(folder: PathBuf) -> Result<Self, Failure> {
        fs::create_dir_all(&folder).map_err(Failure::files("make", &folder))?;
        Ok(Self { folder })
    }

    /// The compressed form of `content`, whose digest is `sha256`; none when its kind does not
    /// shrink.
    pub fn brotli(
        &self,
        path: &str,
        content: &[u8],
        sha256: &str,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let kind = Path::new(path)
            .extension()
            .and_then(|kind| kind.to_str())
            .unwrap_or_default();
        if ![
            "js",
            "wasm",
            "css",
            "svg",
            "json",
            "txt",
            "html",
            "webmanifest",
        ]
        .contains(&kind)
        {
            return Ok(None);
        }
        let file = self.folder.join(format!("{sha256}.br"));
        if let Ok(before) = fs::read(&file) {
            return Ok(Some(before));
        }
        let compressed = compress(content).map_err(Failure::files("compress", Path::new(path)))?;
        let unfinished = file.with_extension("new");
        fs::write(&unfinished, &compressed).map_err(Failure::files("write", &unfinished))?;
        fs::rename(&unfinished, &file).map_err(Failure::files("write", &file))?;
        Ok(Some(compressed))
    }
}

fn compress(content: &[u8]) -> io::Result<Vec<u8>> {
    let parameters = BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: content.len(),
        ..BrotliEncoderParams::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*content, &mut compressed, &parameters)?;
    Ok(compressed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout::testing::Temporary;

    #[test]
    fn what_is_compressed_opens_again_and_is_kept() {
        let folder = Temporary::make();
        let cache = Cache::open(folder.0.clone()).unwrap();
        let content = b"countersign ".repeat(500);
        let compressed = cache
            .brotli("app.css", &content, "digest")
            .unwrap()
            .unwrap();
        assert!(compressed.len() < 100);
        let mut opened = Vec::new();
        brotli::BrotliDecompress(&mut &*compressed, &mut opened).unwrap();
        assert_eq!(opened, content);
        // The second answer comes from the folder, whatever it is asked about.
        assert_eq!(
            cache.brotli("app.css", b"", "digest").unwrap(),
            Some(compressed)
        );
        assert_eq!(cache.brotli("font.woff2", &content, "other").unwrap(), None);
    }
}
