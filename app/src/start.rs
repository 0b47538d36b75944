//! The first thing a person sees, and the ways to open a study.

use corsai_protocol::StudySlot;
use leptos::{ev, html, prelude::*};

use crate::{cards::progress::Listing, format, file_intake, file_intake::DroppedItems, phantoms, controller::{Controller, use_controller}};

#[component]
pub fn Start(app: App) -> impl IntoView {
    view! {
        <div class="start" data-testid="start">
            <section class="start-words">
                <h1>"How much of the lungs is affected?"</h1>
                <p class="lead">
                    "Open a chest CT in DICOM. This page finds the lungs and COVID‑19 lesions on every slice, measures them in millilitres, and gives the share of each lung and the CT-class."
                </p>
                <ul class="facts">
                    <li>
                        <strong>"Nothing is uploaded."</strong>
                        " The pictures are read and computed on this computer, in this page, and are gone when it closes."
                    </li>
                    <li>
                        <strong>"Every doubt is said."</strong>
                        " Missing slices, unusual geometry or unreadable files are named beside the numbers; a study that can't be measured gets no number."
                    </li>
                    <li>
                        <strong>"Not a medical device."</strong>
                        " It is for research and demonstration, and the networks can be wrong. Look at the outlines."
                    </li>
                </ul>
            </section>
            <section class="dropzone" aria-label="Open a study" data-slot="current" data-testid="dropzone">
                <span class="dropzone-sign" aria-hidden="true"></span>
                <p class="dropzone-title">"Drop a folder, files or a .zip here"</p>
                <p class="dropzone-or">"or"</p>
                <Openers app which=StudySlot::Current />
                <Listing app />
                <hr />
                <button
                    class="button"
                    data-testid="open-phantom"
                    on:click=move |_| app.open_phantom(StudySlot::Current, phantoms::TODAY)
                >
                    "Try a synthetic study"
                </button>
                <p class="hint">"No CT at hand? A made-up chest with known lesions is built in the page, without any download."</p>
                <WeightsLine app />
            </section>
        </div>
    }
    .into_any()
}

/// "Choose folder" and "Choose files".
#[component]
pub fn Openers(app: App, which: StudySlot) -> impl IntoView {
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
            let picked = file_intake::listed(input.files());
            // The same files may be chosen again after this.
            input.set_value("");
            if !picked.is_empty() {
                app.open_drop(which, DroppedItems::Files(picked));
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
                "Choose folder"
            </button>
            <button class="button" data-testid=format!("choose-files-{name}") on:click=move |_| click(files)>
                "Choose files"
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

/// How far the networks' weights are.
#[component]
fn WeightsLine(app: App) -> impl IntoView {
    let text = move || {
        let loaded = app.loaded.get();
        match (loaded.failed, loaded.complete()) {
            (true, _) => "The networks could not be loaded yet; it is tried again when they are needed.".to_string(),
            (_, true) if loaded.kept => format!("Networks loaded ({}).", format::bytes(loaded.of)),
            (_, true) => {
                format!("Networks loaded ({}). They are not kept for the next visit.", format::bytes(loaded.of))
            }
            _ => format!("Loading the networks: {} of {}.", format::bytes(loaded.bytes), format::bytes(loaded.of)),
        }
    };
    view! { <p class="hint" data-testid="weights">{text}</p> }
}
