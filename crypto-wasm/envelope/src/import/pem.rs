//! Text with PEM blocks, as tools write it: any text around them, headers, either line ending.

use super::ImportError;
use data_encoding::BASE64;
use zeroize::Zeroizing;

/// More blocks than this have no place in a key file.
const BLOCKS_MAX: usize = 32;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// One block.
pub(crate) struct Block<'a> {
    /// What stands behind BEGIN.
    pub(crate) label: &'a str,
    /// `DEK-Info`, if there is such a header.
    pub(crate) dek_info: Option<&'a str>,
    /// The content.
    pub(crate) content: Zeroizing<Vec<u8>>,
}

/// Every block, in order. A block without an end is [`ImportError::Truncated`].
pub(crate) fn blocks(text: &str) -> Result<Vec<Block<'_>>, ImportError> {
    let mut lines = text.lines().map(str::trim_end);
    let mut blocks = Vec::new();
    while let Some(label) = lines.by_ref().find_map(begin) {
        let mut dek_info = None;
        let mut base64 = Zeroizing::new(Vec::with_capacity(4096));
        loop {
            let line = lines.next().ok_or(ImportError::Truncated)?;
            if let Some(end) = line
                .strip_prefix(END)
                .and_then(|end| end.strip_suffix(DASHES))
            {
                if end != label {
                    return Err(ImportError::DamagedKey);
                }
                break;
            } else if line.starts_with(DASHES) {
                // The last line of the file, cut, or the next block before this one has ended.
                return Err(ImportError::Truncated);
            } else if let Some((name, value)) = line.split_once(':') {
                if name == "DEK-Info" {
                    dek_info = Some(value.trim());
                }
            } else {
                base64.extend_from_slice(line.trim_start().as_bytes());
            }
        }
        let content = BASE64.decode(&base64).map(Zeroizing::new);
        blocks.push(Block {
            label,
            dek_info,
            content: content.map_err(|_| ImportError::DamagedKey)?,
        });
        if blocks.len() > BLOCKS_MAX {
            return Err(ImportError::SeveralKeys);
        }
    }
    Ok(blocks)
}

fn begin(line: &str) -> Option<&str> {
    line.strip_prefix(BEGIN)?.strip_suffix(DASHES)
}

/// Writes one block with lines of 64 characters.
pub(crate) fn write(label: &str, content: &[u8]) -> String {
    let base64 = Zeroizing::new(BASE64.encode(content));
    let mut out = format!("{BEGIN}{label}{DASHES}\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at_checked(64).unwrap_or((rest, ""));
        out.push_str(line);
        out.push('\n');
        rest = more;
    }
    out.push_str(END);
    out.push_str(label);
    out.push_str(DASHES);
    out.push('\n');
    out
}
