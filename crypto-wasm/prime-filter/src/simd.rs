//! Euler's criterion for the base 2, as `envelope::det_keygen` has it, two products at a time.
//!
//! A prime that is 7 modulo 8 has 2 as a square, so 2 to the power of (n - 1) / 2 is 1 modulo n.
//! What does not have that is composite.
//!
//! Numbers are limbs of 28 bits, the lowest first, as many as a multiple of four. Products are
//! gathered in columns of 64 bits, two to a vector, and carried once at the end: a column gets at
//! most 152 products below 2^56, which is below 2^64. Montgomery's reduction with R of at least
//! 16 n takes numbers below 4 n and gives numbers below 2 n, so there is nothing to compare or
//! subtract on the way.
//!
//! The one file of the product with `unsafe` in it: the names under which the two functions are
//! exported, and the load of a vector, which must stay whole for its halves to be multiplied.

use core::{
    arch::wasm32::{
        u32x4_splat, u64x2, u64x2_add, u64x2_extmul_high_u32x4, u64x2_extmul_low_u32x4,
        u64x2_extract_lane, u64x2_splat, unreachable, v128, v128_load,
    },
    hint::black_box,
    panic::PanicInfo,
    sync::atomic::{AtomicU8, Ordering::Relaxed},
};

/// The longest candidate in bytes: half of a modulus of 4096 bits.
const BYTES_MAX: usize = 256;

static ROOM: [AtomicU8; BYTES_MAX] = [const { AtomicU8::new(0) }; BYTES_MAX];

/// Where the candidate is written: 256 bytes.
#[expect(
    unsafe_code,
    reason = "an export has a name, and no other function has the same"
)]
#[unsafe(no_mangle)]
pub extern "C" fn room() -> *const AtomicU8 {
    ROOM.as_ptr()
}

/// Whether the candidate of so many bytes may be prime. Big-endian, its two highest bits set, 7
/// modulo 8; of longer and shorter ones it says nothing, and they may be.
#[expect(
    unsafe_code,
    reason = "an export has a name, and no other function has the same"
)]
#[unsafe(no_mangle)]
pub extern "C" fn may_be_prime(length: usize) -> bool {
    let mut candidate = [0; BYTES_MAX];
    let Some(candidate) = candidate
        .get_mut(..length)
        .filter(|it| it.len() >= BYTES_MIN)
    else {
        return true;
    };
    for (byte, given) in candidate.iter_mut().zip(&ROOM) {
        *byte = given.load(Relaxed);
    }
    Work::new().passes(candidate)
}

/// Nobody hears what was wrong, and the texts would be most of the module.
#[panic_handler]
fn stop(_: &PanicInfo<'_>) -> ! {
    unreachable()
}

/// The shortest candidate in bytes: the four lowest limbs are taken for granted.
const BYTES_MIN: usize = 16;

const BITS: usize = 28;
const MASK: u64 = (1 << BITS) - 1;

/// Limbs that are multiplied at once; every length is a multiple of it.
const BLOCK: usize = 4;

/// 2048 bits, four more for R, in whole blocks.
const LIMBS_MAX: usize = 76;

/// Limbs with zeros above them, so that a block may reach over the end.
type Limbs = [u32; LIMBS_MAX + BLOCK];

/// What a test works with.
struct Work {
    n: Limbs,
    x: Limbs,
    columns: [v128; LIMBS_MAX],
}

impl Work {
    fn new() -> Self {
        Self {
            n: [0; LIMBS_MAX + BLOCK],
            x: [0; LIMBS_MAX + BLOCK],
            columns: [u64x2_splat(0); LIMBS_MAX],
        }
    }

    /// Whether 2 to the power of (n - 1) / 2 is 1 modulo the candidate n.
    fn passes(&mut self, candidate: &[u8]) -> bool {
        let bits = candidate.len() * 8;
        let length = (bits + 4).div_ceil(BITS).next_multiple_of(BLOCK);
        read(candidate, &mut self.n);
        let inverse = negative_inverse(u64::from(self.n[0]));
        self.one(bits, length);
        // The exponent (n - 1) / 2 has the bits of n without the last one; the first one gives 2.
        double(&mut self.x[..length]);
        for place in (1..bits - 1).rev() {
            self.square(length);
            self.reduce(inverse, length);
            let byte = candidate[candidate.len() - 1 - place / 8];
            if (byte >> (place % 8)) & 1 == 1 {
                double(&mut self.x[..length]);
            }
        }
        // Out of Montgomery's form: at most n, so 1 is 1.
        for (columns, limbs) in self.columns.chunks_exact_mut(2).zip(self.x.chunks_exact(4)) {
            columns[0] = u64x2(u64::from(limbs[0]), u64::from(limbs[1]));
            columns[1] = u64x2(u64::from(limbs[2]), u64::from(limbs[3]));
        }
        self.columns[length / 2..length].fill(u64x2_splat(0));
        self.reduce(inverse, length);
        self.x[0] == 1 && self.x[1..length].iter().all(|limb| *limb == 0)
    }

    /// R modulo n: 2^(bits - 1), which is below n, doubled until it is R.
    fn one(&mut self, bits: usize, length: usize) {
        self.x.fill(0);
        self.x[(bits - 1) / BITS] = 1 << ((bits - 1) % BITS);
        let (x, n) = (&mut self.x[..length], &self.n[..length]);
        for _ in bits - 1..length * BITS {
            double(x);
            let below = x.iter().rev().lt(n.iter().rev());
            if !below {
                let mut borrow = 0;
                for (limb, taken) in x.iter_mut().zip(n) {
                    let rest = limb.wrapping_sub(*taken).wrapping_sub(borrow);
                    *limb = rest & MASK as u32;
                    borrow = rest >> 31;
                }
            }
        }
    }

    /// The columns of the square of x, which is zero afterwards.
    // A function of its own, called often: browsers make such ones quick soonest.
    #[inline(never)]
    fn square(&mut self, length: usize) {
        let blocks = self.x[..length].chunks_exact(BLOCK);
        for (columns, block) in self.columns.chunks_exact_mut(4).zip(blocks) {
            let [a, b, c, d] = [block[0], block[1], block[2], block[3]].map(u64::from);
            let (a2, b2, c2) = (a << 1, b << 1, c << 1);
            columns[0] = u64x2(product(a, a), product(a2, b));
            columns[1] = u64x2(
                sum(product(a2, c), product(b, b)),
                sum(product(a2, d), product(b2, c)),
            );
            columns[2] = u64x2(sum(product(b2, d), product(c, c)), product(c2, d));
            columns[3] = u64x2(product(d, d), 0);
        }
        for start in (0..length - BLOCK).step_by(BLOCK) {
            // Each product with a limb of a higher block stands there twice.
            let mut rows = [u64x2_splat(0); BLOCK];
            for (row, limb) in rows.iter_mut().zip(&mut self.x[start..start + BLOCK]) {
                *row = u32x4_splat(*limb << 1);
                *limb = 0;
            }
            let columns = &mut self.columns[start + BLOCK / 2..(start + length + BLOCK) / 2];
            multiply(&rows, &self.x[start + 1..length + BLOCK], columns);
        }
    }

    /// Divides the columns by R modulo n, into x.
    #[inline(never)]
    fn reduce(&mut self, inverse: u64, length: usize) {
        let low = [self.n[0], self.n[1], self.n[2], self.n[3]].map(u64::from);
        for start in (0..length).step_by(BLOCK) {
            // These columns become multiples of 2^28 one after the other, and what is above goes
            // into the next.
            let (first, second) = (self.columns[start / 2], self.columns[start / 2 + 1]);
            let columns = [
                u64x2_extract_lane::<0>(first),
                u64x2_extract_lane::<1>(first),
                u64x2_extract_lane::<0>(second),
                u64x2_extract_lane::<1>(second),
            ];
            let (factors, carry) = clear(columns, low, inverse);
            let above = &mut self.columns[start / 2 + BLOCK / 2..(start + length + BLOCK) / 2];
            above[0] = u64x2_add(above[0], u64x2(carry, 0));
            multiply(
                &factors.map(|factor| u32x4_splat(factor)),
                &self.n[1..length + BLOCK],
                above,
            );
        }
        let mut carry = 0;
        let columns = &self.columns[length / 2..length];
        for (limbs, column) in self.x.chunks_exact_mut(2).zip(columns) {
            let whole = u64x2_extract_lane::<0>(*column).wrapping_add(carry);
            limbs[0] = (whole & MASK) as u32;
            let whole = u64x2_extract_lane::<1>(*column).wrapping_add(whole >> BITS);
            limbs[1] = (whole & MASK) as u32;
            carry = whole >> BITS;
        }
    }
}

/// Four limbs, each repeated over a vector, times all the others: `limbs` begins three below the
/// first one that counts, the columns where the first of the four meets that.
#[inline(never)]
fn multiply(rows: &[v128; BLOCK], limbs: &[u32], columns: &mut [v128]) {
    let windows = limbs.windows(2 * BLOCK - 1).step_by(BLOCK);
    for (columns, limbs) in columns.chunks_exact_mut(2).zip(windows) {
        // Looked up each time, or the compiler widens the rows before the loop, and there is no
        // instruction any more that multiplies what is left: a product of 64 bits takes eight.
        let rows = black_box(rows);
        let mut sums = [columns[0], columns[1]];
        for (row, place) in rows.iter().zip((0..BLOCK).rev()) {
            let limbs = load(limbs, place);
            sums[0] = u64x2_add(sums[0], u64x2_extmul_low_u32x4(*row, limbs));
            sums[1] = u64x2_add(sums[1], u64x2_extmul_high_u32x4(*row, limbs));
        }
        columns.copy_from_slice(&sums);
    }
}

/// The product of two limbs, of which one may be doubled: it has its place in 64 bits.
fn product(a: u64, b: u64) -> u64 {
    a.wrapping_mul(b)
}

/// The sum of what a column gets, which has its place in 64 bits: see the top.
fn sum(a: u64, b: u64) -> u64 {
    a.wrapping_add(b)
}

/// Four limbs as they stand there. Put together one by one, the compiler takes them apart again.
#[expect(unsafe_code, reason = "a vector is loaded whole by no safe function")]
fn load(limbs: &[u32], place: usize) -> v128 {
    let limbs = &limbs[place..place + BLOCK];
    // SAFETY: four limbs are the 16 bytes of a vector, which need not be aligned.
    unsafe { v128_load(limbs.as_ptr().cast()) }
}

/// The factors of n that clear the four lowest columns, and what is carried into the next one.
fn clear(columns: [u64; BLOCK], n: [u64; BLOCK], inverse: u64) -> ([u32; BLOCK], u64) {
    let factor = |column: u64| product(column & MASK, inverse) & MASK;
    let above = |column: u64, f: u64| sum(column, product(f, n[0])) >> BITS;
    let [a, b, c, d] = columns;
    let f = factor(a);
    let b = sum(sum(b, product(f, n[1])), above(a, f));
    let g = factor(b);
    let c = sum(sum(c, sum(product(f, n[2]), product(g, n[1]))), above(b, g));
    let h = factor(c);
    let d = sum(d, sum(product(f, n[3]), product(g, n[2])));
    let d = sum(sum(d, product(h, n[1])), above(c, h));
    let i = factor(d);
    let carry = above(d, i);
    ([f, g, h, i].map(|factor| factor as u32), carry)
}

fn read(candidate: &[u8], limbs: &mut Limbs) {
    limbs.fill(0);
    for (place, byte) in candidate.iter().rev().enumerate() {
        let (limb, shift) = (place * 8 / BITS, place * 8 % BITS);
        limbs[limb] |= (u32::from(*byte) << shift) & MASK as u32;
        if shift + 8 > BITS {
            limbs[limb + 1] |= u32::from(*byte) >> (BITS - shift);
        }
    }
}

/// -1/n modulo 2^28, by Newton's iteration: each step doubles the bits that are right.
fn negative_inverse(n: u64) -> u64 {
    let mut inverse = n;
    for _ in 0..4 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(n.wrapping_mul(inverse)));
    }
    inverse.wrapping_neg() & MASK
}

fn double(x: &mut [u32]) {
    let mut carry = 0;
    for limb in x {
        let doubled = (*limb << 1) | carry;
        *limb = doubled & MASK as u32;
        carry = doubled >> BITS;
    }
}
