//! Networks' answers that outlive a worker: each goes to the page as it comes, and the worker that
//! takes a dead one's place is given them. An answer's key is its network and a hash of its input.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    hash::{DefaultHasher, Hasher as _},
};

use corsai_protocol::AnswerKey;

/// The answers that an earlier worker computed; `B` is an answer's buffer.
#[derive(Debug)]
pub struct AnswerCache<B>(RefCell<BTreeMap<AnswerKey, B>>);

impl<B> Default for AnswerCache<B> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<B> AnswerCache<B> {
    /// Takes answers: a buffer for each of the keys, in the same order.
    pub fn put(&self, keys: Vec<AnswerKey>, answers: Vec<B>) {
        assert_eq!(keys.len(), answers.len(), "invariant: each answer has its buffer");
        self.0.borrow_mut().extend(keys.into_iter().zip(answers));
    }

    /// Removes and returns an answer.
    pub fn take(&self, key: &AnswerKey) -> Option<B> {
        self.0.borrow_mut().remove(key)
    }
}

/// Returns the key of a network's answer to an input.
pub fn answer_key(network: &str, input: &[f32]) -> AnswerKey {
    let mut hasher = DefaultHasher::new();
    for pair in input.chunks(2) {
        let [low, high] = [0, 1].map(|i| u64::from(pair.get(i).map_or(0, |value| value.to_bits())));
        hasher.write_u64(low | high << 32);
    }
    AnswerKey { network: network.into(), input: hasher.finish() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_its_network_and_every_value_it_is_shown() {
        let input = [0.0, 1.0, 2.0, 3.0, 4.0];
        let asked = answer_key("a", &input);
        assert_eq!(asked, answer_key("a", &input));
        assert_ne!(asked, answer_key("b", &input));
        assert_ne!(asked, answer_key("a", &[1.0, 0.0, 2.0, 3.0, 4.0]), "the order counts");
        for i in 0..input.len() {
            let mut other = input;
            other[i] += 1e-6;
            assert_ne!(asked, answer_key("a", &other), "value {i} counts");
        }
    }

    #[test]
    fn an_answer_is_given_once_and_only_to_its_answer_key() {
        let kept = AnswerCache::default();
        let [first, second, other] = [1.0, 2.0, 3.0].map(|value| answer_key("a", &[value]));
        kept.put(vec![first.clone(), second.clone()], vec!["first", "second"]);
        assert_eq!(kept.take(&other), None);
        assert_eq!(kept.take(&second), Some("second"));
        assert_eq!(kept.take(&second), None);
        assert_eq!(kept.take(&first), Some("first"));
    }

    #[test]
    #[should_panic(expected = "invariant")]
    fn an_answer_without_its_buffer_is_not_passed_over() {
        AnswerCache::put(&AnswerCache::<u8>::default(), vec![answer_key("a", &[])], Vec::new());
    }
}
