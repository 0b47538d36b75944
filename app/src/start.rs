//! The start page.

use corsai_protocol::StudySlot;
use leptos::prelude::*;

use crate::{cards::progress::Listing, controller::use_controller, format, openers::Openers, phantoms};

/// The page while no study is open.
#[component]
pub fn Start() -> impl IntoView {
    let controller = use_controller();
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
                <Openers which=StudySlot::Current />
                <Listing />
                <hr />
                <button
                    class="button"
                    data-testid="open-phantom"
                    on:click=move |_| controller.open_phantom(StudySlot::Current, phantoms::TODAY)
                >
                    "Try a synthetic study"
                </button>
                <p class="hint">"No CT at hand? A made-up chest with known lesions is built in the page, without any download."</p>
                <WeightsLine />
            </section>
        </div>
    }
    .into_any()
}

/// How far the networks' weights are.
#[component]
fn WeightsLine() -> impl IntoView {
    let controller = use_controller();
    let text = move || {
        let loaded = controller.weights.get();
        match (loaded.failed, loaded.is_complete()) {
            (true, _) => "The networks could not be loaded yet; it is tried again when they are needed.".to_string(),
            (_, true) if loaded.cached => format!("Networks loaded ({}).", format::bytes(loaded.total)),
            (_, true) => {
                format!("Networks loaded ({}). They are not kept for the next visit.", format::bytes(loaded.total))
            }
            _ => format!("Loading the networks: {} of {}.", format::bytes(loaded.bytes), format::bytes(loaded.total)),
        }
    };
    view! { <p class="hint" data-testid="weights">{text}</p> }
}
