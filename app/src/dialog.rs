//! A modal dialog. It opens and closes with a signal; the browser closes it by Escape, too.

use crate::text::{self, Text};

use leptos::{html, prelude::*};

/// A modal dialog. Its test id is `id`; those of its heading and its button end in `-title` and
/// `-close`.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    id: &'static str,
    title: Text,
    #[prop(optional, into)] on_open: Option<Callback<()>>,
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        if open.get() && !dialog.open() {
            if let Some(on_open) = on_open {
                on_open.run(());
            }
            let _ = dialog.show_modal();
        } else if !open.get() && dialog.open() {
            dialog.close();
        }
    });
    view! {
        <dialog
            node_ref=dialog
            class="dialog"
            aria-labelledby=format!("{id}-title")
            data-testid=id
            on:close=move |_| open.set(false)
        >
            <div class="dialog-head">
                <h2 id=format!("{id}-title")>{title}</h2>
                <button
                    class="button button-small"
                    data-testid=format!("{id}-close")
                    on:click=move |_| open.set(false)
                >
                    {text::common::CLOSE}
                </button>
            </div>
            {children()}
        </dialog>
    }
    .into_any()
}
