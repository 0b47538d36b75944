//! Networks' answers that outlive a worker: each goes to the page as it comes, and the worker that takes a dead one's
//! place is given them. They are known by what the network was shown, so that none is taken for another's.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    hash::{DefaultHasher, Hasher as _},
};

use corsai_protocol::AnswerKey;

/// What an earlier worker was answered; `B` is an answer's buffer.
#[derive(Debug)]
pub struct AnswerCache<B>(RefCell<BTreeMap<AnswerKey, B>>);

impl<B> Default for AnswerCache<B> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<B> AnswerCache<B> {
    /// Takes answers in: a buffer for each of `of`, in the same order.
    pub fn put(&self, of: Vec<AnswerKey>, answers: Vec<B>) {
        assert_eq!(of.len(), answers.len(), "invariant: each answer has its buffer");
        self.0.borrow_mut().extend(of.into_iter().zip(answers));
    }

    /// The answer, where there is one; it is given once.
    pub fn take(&self, of: &AnswerKey) -> Option<B> {
        self.0.borrow_mut().remove(of)
    }
}

/// What a network is asked that is shown `input`.
pub fn question(network: &str, input: &[f32]) -> AnswerKey {
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
        let asked = question("a", &input);
        assert_eq!(asked, question("a", &input));
        assert_ne!(asked, question("b", &input));
        assert_ne!(asked, question("a", &[1.0, 0.0, 2.0, 3.0, 4.0]), "the order counts");
        for i in 0..input.len() {
            let mut other = input;
            other[i] += 1e-6;
            assert_ne!(asked, question("a", &other), "value {i} counts");
        }
    }

    #[test]
    fn an_answer_is_given_once_and_only_to_its_question() {
        let kept = AnswerCache::default();
        let [first, second, other] = [1.0, 2.0, 3.0].map(|value| question("a", &[value]));
        kept.put(vec![first.clone(), second.clone()], vec!["first", "second"]);
        assert_eq!(kept.take(&other), None);
        assert_eq!(kept.take(&second), Some("second"));
        assert_eq!(kept.take(&second), None);
        assert_eq!(kept.take(&first), Some("first"));
    }

    #[test]
    #[should_panic(expected = "invariant")]
    fn an_answer_without_its_buffer_is_not_passed_over() {
        AnswerCache::put(&AnswerCache::<u8>::default(), vec![question("a", &[])], Vec::new());
    }
}
