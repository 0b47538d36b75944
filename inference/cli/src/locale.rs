//! The language of messages, help and reports: `--language`, else the system's.

use std::{env, ffi::OsString, sync::OnceLock};

use corsai_language::Language;

/// The option's name, also where the help is made, before the command line is parsed.
const OPTION: &str = "--language";

static LANGUAGE: OnceLock<Language> = OnceLock::new();

/// Returns the language of this process.
pub fn language() -> Language {
    *LANGUAGE.get_or_init(|| chosen(env::args_os().skip(1), |name| env::var(name).ok()))
}

/// Returns the language that the arguments name, else that of the system's locale (POSIX: the first
/// of `LC_ALL`, `LC_MESSAGES` and `LANG` that isn't empty).
fn chosen(arguments: impl Iterator<Item = OsString>, variable: impl Fn(&str) -> Option<String>) -> Language {
    let arguments: Vec<String> = arguments.filter_map(|argument| argument.into_string().ok()).collect();
    let apart = arguments.windows(2).find(|pair| pair[0] == OPTION).map(|pair| pair[1].as_str());
    let joined = arguments.iter().find_map(|argument| argument.strip_prefix(OPTION)?.strip_prefix('='));
    if let Some(language) = apart.or(joined).and_then(Language::from_tag) {
        return language;
    }
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    Language::preferred(locale.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_comes_before_the_system_s_locale() {
        let tag = |line: &str, variables: &[(&str, &str)]| {
            let arguments = line.split_whitespace().map(OsString::from);
            let variable = |name: &str| variables.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).into());
            chosen(arguments, variable).tag()
        };
        assert_eq!(tag("analyse ct", &[]), "en");
        assert_eq!(tag("analyse ct", &[("LANG", "ru_RU.UTF-8")]), "ru");
        assert_eq!(tag("analyse ct", &[("LC_ALL", "C"), ("LANG", "ru_RU.UTF-8")]), "en");
        assert_eq!(tag("analyse ct", &[("LC_ALL", ""), ("LANG", "ru")]), "ru");
        assert_eq!(tag("--language ru analyse ct", &[("LANG", "C")]), "ru");
        assert_eq!(tag("analyse ct --language=en", &[("LANG", "ru")]), "en");
        assert_eq!(tag("analyse ct --language xx", &[("LANG", "ru")]), "ru");
    }
}
