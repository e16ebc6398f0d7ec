//! The words of a repository: a name that it already has somewhere is nobody's new invention.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

/// With more words, every name counts as known.
const MAX_WORDS: usize = 4_000_000;
const MAX_WORD_BYTES: usize = 120;

/// The words, as hashes: two that share one make a deviation go unnoticed, at worst.
#[derive(Debug, Default)]
pub(crate) struct Words {
    hashes: HashSet<u64, BuildHasherDefault<Identity>>,
}

impl Words {
    /// The words of a text, those in strings and comments too.
    pub(crate) fn of(text: &str) -> Self {
        let mut words = Self::default();
        let parts = text
            .split(|character: char| !(character.is_alphanumeric() || character == '_' || character == '$'));
        words.hashes.extend(
            parts
                .filter(|part| part.len() > 1 && part.len() <= MAX_WORD_BYTES)
                .map(hash),
        );
        words
    }

    /// Put others in.
    pub(crate) fn add(&mut self, others: &Self) {
        if self.hashes.len() < MAX_WORDS {
            self.hashes.extend(&others.hashes);
        }
    }

    /// Whether a word is known.
    pub(crate) fn contains(&self, word: &str) -> bool {
        self.hashes.len() >= MAX_WORDS || self.hashes.contains(&hash(word))
    }
}

/// FNV-1a, 64 bits.
fn hash(word: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mixed = word.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    mixed ^ mixed >> 29
}

/// The words are hashes already.
#[derive(Debug, Default)]
pub(crate) struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
