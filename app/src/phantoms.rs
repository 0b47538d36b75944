//! The synthetic patient's visits. The shares are those that the study is made with.

use crate::text;

use corsai_protocol::PhantomRequest;

/// One of the synthetic patient's earlier visits.
pub struct Visit {
    /// Its name in tests.
    pub id: &'static str,
    /// Its name on the page.
    pub name: &'static str,
    /// Its date and shares.
    pub date: PhantomRequest,
}

/// The study under examination.
pub const TODAY: PhantomRequest = PhantomRequest { yyyymmdd: 20_200_420, share_left: 0.08, share_right: 0.16 };

/// Earlier visits: worse, the same, better.
pub const EARLIER: [Visit; 3] = [
    Visit {
        id: "phantom-worse",
        name: text::comparison::MORE_AFFECTED,
        date: PhantomRequest { yyyymmdd: 20_200_406, share_left: 0.18, share_right: 0.32 },
    },
    Visit {
        id: "phantom-same",
        name: text::comparison::AS_MUCH_AFFECTED,
        date: PhantomRequest { yyyymmdd: 20_200_413, ..TODAY },
    },
    Visit {
        id: "phantom-better",
        name: text::comparison::LESS_AFFECTED,
        date: PhantomRequest { yyyymmdd: 20_200_410, share_left: 0.03, share_right: 0.07 },
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_visits_are_earlier_and_have_the_three_verdicts() {
        assert!(EARLIER.iter().all(|s| s.date.yyyymmdd < TODAY.yyyymmdd));
        let changes: Vec<f64> = EARLIER.iter().map(|s| TODAY.share_right - s.date.share_right).collect();
        assert!(changes[0] < -0.05 && changes[1].abs() < 1e-9 && changes[2] > 0.05);
    }
}
