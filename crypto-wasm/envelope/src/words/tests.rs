use super::*;

#[test]
fn the_list_is_whole() {
    let words: Vec<&str> = LIST.lines().collect();
    assert_eq!(words.len() as u128, WORDS_IN_LIST);
    assert_eq!((words[0], words[7775]), ("abacus", "zoom"));
    assert!(words.is_sorted_by(|a, b| a < b));
    let fits = |word: &&str| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    assert!(words.iter().all(fits));
}

#[test]
fn words_are_compared_as_people_type_them() {
    let mut bytes = [0; 32];
    // 1 + 2 * 7776 + 7775 * 7776^2 in the first 16 bytes: indexes 1, 2, 7775, 0, 0.
    let number = 1 + 2 * WORDS_IN_LIST + 7775 * WORDS_IN_LIST * WORDS_IN_LIST;
    bytes[..16].copy_from_slice(&number.to_be_bytes());
    let thumbprint = Thumbprint::new(bytes);
    let words = five_words(&thumbprint);
    assert_eq!(words, ["abdomen", "abdominal", "zoom", "abacus", "abacus"]);
    let typed = "  Abdomen ABDOMINAL,\nzoom\tabacus , abacus ";
    assert!(compare_words(typed, &thumbprint).fit);
    for (typed, unknown) in [
        ("abdomen abdominal zoom abacus", vec![]),
        ("abdomen abdominal zoom abacus abacus abacus", vec![]),
        ("abdominal abdomen zoom abacus abacus", vec![]),
        (
            "abdomen abdominal zooom abacus abakus",
            vec!["zooom", "abakus"],
        ),
        ("", vec![]),
    ] {
        let comparison = compare_words(typed, &thumbprint);
        assert!(!comparison.fit);
        assert_eq!(comparison.unknown, unknown, "{typed}");
    }
    let other = Thumbprint::new([0xff; 32]);
    assert!(!compare_words(typed, &other).fit);
}
