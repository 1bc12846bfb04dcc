use super::*;
use data_encoding::HEXLOWER;
use proptest::prelude::*;
use serde_json::Value;

struct Vector {
    bits: usize,
    seed: Vec<u8>,
    candidates: Vec<u32>,
    digest: String,
}

/// Small lengths first: the numbers of the candidates tell what a vector costs.
fn vectors() -> Vec<Vector> {
    let folder = env!("CARGO_MANIFEST_DIR");
    let path = format!("{folder}/tests/vectors/det_keygen.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let read = |vector: &Value| Vector {
        bits: vector["bits"].as_u64().unwrap() as usize,
        seed: HEXLOWER
            .decode(vector["seed"].as_str().unwrap().as_bytes())
            .unwrap(),
        candidates: serde_json::from_value(vector["candidates"].clone()).unwrap(),
        digest: vector["pkcs8_sha256"].as_str().unwrap().to_owned(),
    };
    let vectors = file["vectors"].as_array().unwrap();
    vectors.iter().map(read).collect()
}

fn digest(key: &RsaPrivateKey) -> String {
    HEXLOWER.encode(&crate::encoding::sha256(&[&key.to_pkcs8_der()]))
}

#[test]
fn the_keys_are_those_of_the_specification() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 20);
    for vector in vectors {
        let made = generate_from(&vector.seed, vector.bits, &mut |_| true);
        let key = made.unwrap().unwrap();
        assert_eq!(key.public().bits(), vector.bits);
        assert_eq!(digest(&key), vector.digest, "{:?}", vector.seed);
    }
}

/// What each of several workers finds, in turns of `step` candidates.
fn with_workers(
    vector: &Vector,
    workers: u32,
    step: u32,
    filter: &mut dyn FnMut(&[u8]) -> bool,
) -> RsaPrivateKey {
    let search = |worker| {
        let share = Share { worker, workers };
        PrimeSearch::from_seed(&vector.seed, vector.bits, share).unwrap()
    };
    let mut searches: Vec<PrimeSearch> = (0..workers).map(search).collect();
    let mut maker = KeyMaker::from_seed(&vector.seed, vector.bits, workers).unwrap();
    let mut percent = 0;
    loop {
        for (place, search) in searches.iter_mut().enumerate() {
            // The later workers are slower.
            maker.take(&search.run(step - u32::try_from(place).unwrap(), filter));
            if let Some(key) = maker.key().unwrap() {
                assert_eq!(maker.percent(), 100);
                return key;
            }
            let now = maker.percent();
            assert!(now >= percent && now < 100);
            percent = now;
        }
    }
}

#[test]
fn the_key_is_the_same_whatever_the_number_of_workers() {
    let vectors = vectors();
    // Of those with one pair of primes, and of those with a pair that is rejected.
    for vector in [&vectors[5], &vectors[13], &vectors[14]] {
        for (workers, step) in [(1, 1), (2, 16), (3, 5), (7, 64)] {
            let key = with_workers(vector, workers, step, &mut may_be_prime);
            assert_eq!(digest(&key), vector.digest, "{workers} workers");
        }
    }
}

#[test]
fn the_key_is_the_same_whatever_sorts_out_candidates() {
    for vector in &vectors()[..2] {
        let key = with_workers(vector, 2, 16, &mut |_| true);
        assert_eq!(digest(&key), vector.digest);
    }
}

#[test]
fn a_search_can_be_ended_and_tells_how_far_it_is() {
    let seed = KeySeed::from_bytes([1; 32]);
    let mut told = Vec::new();
    let made = generate(&seed, 3072, &mut |percent| {
        told.push(percent);
        told.len() < 5
    });
    assert!(made.unwrap().is_none());
    assert_eq!(told.len(), 5);
    assert!(told.is_sorted());
}

#[test]
fn reports_name_only_primes_of_their_share() {
    let vector = &vectors()[5];
    let share = Share {
        worker: 1,
        workers: 2,
    };
    let mut search = PrimeSearch::from_seed(&vector.seed, vector.bits, share).unwrap();
    let report = search.run(200, &mut may_be_prime);
    assert_eq!(report.worker, 1);
    assert_eq!(report.below, 400);
    let expected = |number: &&u32| *number % 2 == 1;
    let named: Vec<u32> = vector.candidates.iter().filter(expected).copied().collect();
    let known = report
        .primes
        .iter()
        .filter(|number| vector.candidates.contains(number));
    assert_eq!(known.copied().collect::<Vec<u32>>(), named);
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
}

#[test]
fn other_lengths_and_shares_are_refused() {
    let seed = KeySeed::from_bytes([1; 32]);
    for bits in [0, 1024, 2047, 2049, 2056, 4112, 8192, usize::MAX] {
        assert!(PrimeSearch::new(&seed, bits, Share::ALONE).is_err());
        assert!(KeyMaker::new(&seed, bits, 1).is_err());
    }
    for (worker, workers) in [(0, 0), (1, 1), (5, 2)] {
        let share = Share { worker, workers };
        assert!(PrimeSearch::new(&seed, 2048, share).is_err());
    }
    assert!(KeyMaker::new(&seed, 2048, 0).is_err());
    assert!(KeyMaker::new(&seed, 2048, 65).is_err());
    assert!(PrimeSearch::from_seed(&[1; 15], 2048, Share::ALONE).is_err());
}

#[test]
fn a_strange_report_changes_nothing() {
    let vector = &vectors()[0];
    let mut maker = KeyMaker::from_seed(&vector.seed, vector.bits, 2).unwrap();
    maker.take(&Report {
        worker: 2,
        below: u32::MAX,
        primes: vec![0, 1],
    });
    assert!(maker.key().unwrap().is_none());
    assert_eq!(maker.percent(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn what_the_search_finds_is_what_the_library_calls_prime(seed in any::<[u8; 32]>()) {
        let seed = KeySeed::from_bytes(seed);
        let mut search = PrimeSearch::new(&seed, 2048, Share::ALONE).unwrap();
        let found = search.run(150, &mut may_be_prime).primes;
        let mut stream = Stream::new(seed.as_bytes(), 2048).unwrap();
        for number in 0..150 {
            let prime = is_probably_prime(stream.next());
            prop_assert_eq!(prime, found.contains(&number), "{}", number);
        }
    }
}
