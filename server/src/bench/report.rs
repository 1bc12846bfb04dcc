//! The figures, for people and for programs.

use super::load::Measured;
use serde::Serialize;

/// What one run has measured.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Both accounts at one bank.
    pub(super) within_bank: Pair,
    /// Payer and payee at different banks: hold to final answer.
    pub(super) between_banks: Pair,
    /// One payment at a time.
    pub(super) idle_latency_ms: Idle,
}

/// A rate beside the reference of the same run.
#[derive(Debug, Serialize)]
pub(super) struct Pair {
    payments_per_s: f64,
    tpcb_per_s: f64,
    ratio: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// Latencies of an idle network.
#[derive(Debug, Serialize)]
pub(super) struct Idle {
    pub(super) within: Quantiles,
    pub(super) between: Quantiles,
}

/// The middle and the slow end.
#[derive(Debug, Serialize)]
pub(super) struct Quantiles {
    p50: f64,
    p99: f64,
}

impl From<Measured> for Quantiles {
    fn from(measured: Measured) -> Self {
        Self {
            p50: measured.quantile_ms(0.5),
            p99: measured.quantile_ms(0.99),
        }
    }
}

impl Pair {
    pub(super) fn new(measured: &Measured, reference: f64) -> Self {
        Self {
            payments_per_s: measured.rate(),
            tpcb_per_s: reference,
            ratio: measured.rate() / reference.max(f64::EPSILON),
            p50_ms: measured.quantile_ms(0.5),
            p99_ms: measured.quantile_ms(0.99),
        }
    }
}

impl Report {
    pub(super) fn print(&self) {
        println!(
            "\n{:<16}{:>14}{:>14}{:>8}{:>10}{:>10}",
            "", "payments/s", "TPC-B-like/s", "ratio", "p50 ms", "p99 ms"
        );
        for (what, pair) in [
            ("within a bank", &self.within_bank),
            ("between banks", &self.between_banks),
        ] {
            println!(
                "{what:<16}{:>14.0}{:>14.0}{:>8.2}{:>10.1}{:>10.1}",
                pair.payments_per_s, pair.tpcb_per_s, pair.ratio, pair.p50_ms, pair.p99_ms
            );
        }
        for (what, idle) in [
            ("within", &self.idle_latency_ms.within),
            ("between", &self.idle_latency_ms.between),
        ] {
            println!(
                "one at a time, {what}: p50 {:.1} ms, p99 {:.1} ms",
                idle.p50, idle.p99
            );
        }
        println!("Everything ran on this one machine: nodes, both banks' servers, and the payers.");
    }
}
