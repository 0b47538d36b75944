//! The page's theme: the system's, unless the person chose one. The style sheet has both.

/// Which theme the page has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// The one that the system or the browser asks for.
    #[default]
    System,
    /// Dark text on a light ground.
    Light,
    /// Light text on a dark ground.
    Dark,
}

impl Theme {
    /// All of them, in the order of the switch.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Returns its name in the setting and in the document's attribute `data-theme`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Returns the theme of a name; the system's for any other.
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.as_str() == name).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_theme_reads_back_and_anything_else_is_the_systems() {
        for theme in Theme::ALL {
            assert_eq!(Theme::from_name(theme.as_str()), theme);
        }
        assert_eq!(Theme::from_name("sepia"), Theme::System);
    }
}
