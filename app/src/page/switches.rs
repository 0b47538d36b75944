//! The header's switches: language and theme.

use corsai_language::Language;
use leptos::{ev, prelude::*};

use crate::{
    controller::use_controller,
    text::{self, language},
    theme::Theme,
};

/// The languages of the page, by their own short names.
#[component]
pub fn LanguageSwitch() -> impl IntoView {
    let controller = use_controller();
    let option = move |one: Language| {
        view! {
            <button
                class="segment"
                lang=one.tag()
                data-testid=format!("language-{}", one.tag())
                aria-pressed=if one == language() { "true" } else { "false" }
                on:click=move |_| controller.set_language(one)
            >
                {one.text("language-short-name")}
            </button>
        }
    };
    view! {
        <div class="segments" role="group" aria-label=text::layout::LANGUAGE>
            {Language::all().map(option).collect::<Vec<_>>()}
        </div>
    }
    .into_any()
}

/// The themes of the page. In a narrow header the choice lies unseen over its sign.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let controller = use_controller();
    let option = move |theme: Theme| {
        view! {
            <option value=theme.as_str() selected=controller.theme.get_untracked() == theme>
                {text::layout::theme(theme)}
            </option>
        }
    };
    view! {
        <label class="theme" title=text::layout::THEME>
            <span class="theme-sign" aria-hidden="true"></span>
            <span class="unseen">{text::layout::THEME}</span>
            <select
                class="theme-choice"
                data-testid="theme"
                on:change=move |event: ev::Event| controller.set_theme(Theme::from_name(&event_target_value(&event)))
            >
                {Theme::ALL.map(option).into_iter().collect::<Vec<_>>()}
            </select>
        </label>
    }
    .into_any()
}
