//! The buttons that open files.

use corsai_protocol::StudySlot;
use leptos::{ev, html, prelude::*};

use crate::{
    controller::use_controller,
    file_intake::{self, DroppedItems},
    text,
};

/// "Choose folder" and "Choose files".
#[component]
pub fn Openers(which: StudySlot) -> impl IntoView {
    let controller = use_controller();
    let folder = NodeRef::<html::Input>::new();
    let files = NodeRef::<html::Input>::new();
    let name = if which == StudySlot::Previous { "previous" } else { "current" };
    let click = |input: NodeRef<html::Input>| {
        if let Some(input) = input.get_untracked() {
            input.click();
        }
    };
    let picked = move |input: NodeRef<html::Input>| {
        move |_: ev::Event| {
            let Some(input) = input.get_untracked() else { return };
            let picked = file_intake::named_files(input.files());
            // The same files may be chosen again after this.
            input.set_value("");
            if !picked.is_empty() {
                controller.open_drop(which, DroppedItems::Files(picked));
            }
        }
    };
    view! {
        <div class="openers">
            <button
                class="button button-main"
                data-testid=format!("choose-folder-{name}")
                on:click=move |_| click(folder)
            >
                {text::start::CHOOSE_FOLDER}
            </button>
            <button class="button" data-testid=format!("choose-files-{name}") on:click=move |_| click(files)>
                {text::start::CHOOSE_FILES}
            </button>
            <input
                node_ref=folder
                type="file"
                hidden
                multiple
                prop:webkitdirectory=true
                data-testid=format!("folder-{name}")
                on:change=picked(folder)
            />
            <input
                node_ref=files
                type="file"
                hidden
                multiple
                data-testid=format!("files-{name}")
                on:change=picked(files)
            />
        </div>
    }
    .into_any()
}
