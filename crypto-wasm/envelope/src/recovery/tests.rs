use super::*;
use crate::testing::rng;
use data_encoding::HEXLOWER;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;

fn vectors() -> Vec<(Seed, String)> {
    let path = format!("{}/tests/vectors/recovery.json", env!("CARGO_MANIFEST_DIR"));
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let read = |vector: &Value| {
        let seed = HEXLOWER.decode(vector["seed"].as_str().unwrap().as_bytes());
        let seed = Seed::from_bytes(seed.unwrap().try_into().unwrap());
        (seed, vector["words"].as_str().unwrap().to_owned())
    };
    file["vectors"]
        .as_array()
        .unwrap()
        .iter()
        .map(read)
        .collect()
}

#[test]
fn the_words_are_those_of_the_reference() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 8);
    for (seed, words) in vectors {
        assert_eq!(to_words(&seed).join(" "), words);
        assert_eq!(from_words(&words), Ok(seed));
    }
}

#[test]
fn the_list_is_the_list() {
    let digest = sha256(&[LIST.as_bytes()]);
    let expected = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda";
    assert_eq!(HEXLOWER.encode(&digest), expected);
    let starts: BTreeSet<&str> = LIST
        .lines()
        .map(|word| &word[..word.len().min(4)])
        .collect();
    assert_eq!(starts.len(), 2048);
}

#[test]
fn words_are_read_as_people_type_them() {
    let (seed, words) = vectors().pop().unwrap();
    let numbered: Vec<String> = words
        .split(' ')
        .enumerate()
        .map(|(place, word)| format!("{}. {}", place + 1, word.to_uppercase()))
        .collect();
    let short: Vec<&str> = words
        .split(' ')
        .map(|word| &word[..word.len().min(4)])
        .collect();
    let typed = [
        numbered.join("\r\n"),
        short.join("\t "),
        format!("  {} ", words.replace(' ', ",  ")),
    ];
    for typed in typed {
        assert_eq!(from_words(&typed), Ok(seed.clone()), "{typed}");
    }
    assert_eq!(check_word("ABAN"), Some("abandon"));
    assert_eq!(check_word("aban donn"), None);
    assert_eq!(check_word("act"), Some("act"));
    assert_eq!(check_word("acti"), Some("action"));
    assert_eq!(check_word("aba"), None);
    assert_eq!(check_word(""), None);
}

#[test]
fn it_says_which_word_is_unknown() {
    let (_, words) = vectors().pop().unwrap();
    let mut typed: Vec<&str> = words.split(' ').collect();
    typed[3] = "Zweibel";
    typed[23] = "x";
    let refused = from_words(&typed.join(" ")).unwrap_err();
    let unknown = |place, typed: &str| UnknownWord {
        place,
        typed: typed.to_owned(),
    };
    let expected = WordsError::Unknown(vec![unknown(4, "zweibel"), unknown(24, "x")]);
    assert_eq!(refused, expected);
    assert_eq!(refused.code(), "unknown-word");
    assert!(!format!("{refused:?} {refused}").contains("zweibel"));
}

#[test]
fn too_few_too_many_and_swapped_words_are_noticed() {
    let seed = Seed::from_bytes([0x5a; 32]);
    let words = to_words(&seed);
    let few = from_words(&words[..23].join(" "));
    assert_eq!(few, Err(WordsError::Count { found: 23 }));
    let many = from_words(&[words, words].concat().join(" "));
    assert_eq!(many, Err(WordsError::Count { found: 48 }));
    assert_eq!(from_words(""), Err(WordsError::Count { found: 0 }));
    let mut swapped = words;
    swapped.swap(2, 9);
    assert_ne!(swapped, words);
    assert_eq!(from_words(&swapped.join(" ")), Err(WordsError::Checksum));
}

#[test]
fn a_fresh_seed_comes_back() {
    let seed = Seed::generate(&mut rng());
    assert_eq!(from_words(&to_words(&seed).join(" ")), Ok(seed));
}

proptest! {
    #[test]
    fn every_seed_comes_back(bytes in any::<[u8; 32]>()) {
        let seed = Seed::from_bytes(bytes);
        prop_assert_eq!(from_words(&to_words(&seed).join("\n")), Ok(seed));
    }

    #[test]
    fn reading_never_panics(text in ".*") {
        prop_assert!(from_words(&text).is_err());
        let _ = check_word(&text);
    }
}
