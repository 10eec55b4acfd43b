//! Whether the time that comparing a secret takes tells anything about it (dudect: Welch's t-test over two classes).
//!
//! `cargo bench --bench secrets` compares wrong secrets that share all but the last letter with the right one (left) with
//! random ones (right); |t| beyond 4.5 is a signal. The naive comparison beside it shows that a signal would be seen.

use axum::http::HeaderMap;
use customer_intelligence::http::{Keys, SECRET_HEADER};
use dudect_bencher::rand::RngExt;
use dudect_bencher::{BenchRng, Class, CtRunner, ctbench_main};

const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const SAMPLES: usize = 100_000;

/// Wrong secrets of both classes.
fn guesses(rng: &mut BenchRng) -> Vec<(Class, String)> {
    let random = |rng: &mut BenchRng| -> String {
        let digits = (0..SECRET.len()).map(|_| u32::from(rng.random::<u8>() % 16));
        digits
            .filter_map(|digit| char::from_digit(digit, 16))
            .collect()
    };
    // All but the last letter of the right one; the last is another.
    let shared = SECRET.trim_end_matches('f');
    (0..SAMPLES)
        .map(|_| {
            // Made for both classes, so that making it leaves the same traces.
            let other = random(rng);
            if rng.random::<bool>() {
                let last = other.chars().next().filter(|last| *last != 'f');
                (Class::Left, format!("{shared}{}", last.unwrap_or('0')))
            } else {
                (Class::Right, other)
            }
        })
        .collect()
}

/// The doors' own comparison.
fn admitted(runner: &mut CtRunner, rng: &mut BenchRng) {
    let keys = Keys::new([SECRET, "the previous one"]);
    for (class, guess) in guesses(rng) {
        let headers: HeaderMap = [(SECRET_HEADER, guess.parse().expect("a header"))]
            .into_iter()
            .collect();
        runner.run_one(class, || keys.admit(&headers));
    }
}

/// What must not be done: letter by letter until one differs.
fn naive(runner: &mut CtRunner, rng: &mut BenchRng) {
    for (class, guess) in guesses(rng) {
        runner.run_one(class, || {
            guess
                .bytes()
                .zip(SECRET.bytes())
                .all(|(one, other)| std::hint::black_box(one) == other)
        });
    }
}

ctbench_main!(admitted, naive);
