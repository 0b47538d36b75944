//! The start page.

use corsai_protocol::StudySlot;
use leptos::prelude::*;

use crate::{cards::progress::Listing, controller::use_controller, openers::Openers, phantoms, text};

/// The page while no study is open.
#[component]
pub fn Start() -> impl IntoView {
    let controller = use_controller();
    view! {
        <div class="start" data-testid="start">
            <section class="start-words">
                <h1>{text::start::TITLE}</h1>
                <p class="lead">
                    {text::start::LEAD}
                </p>
                <ul class="facts">
                    <li>
                        <strong>{text::start::NO_UPLOAD}</strong>
                        {text::start::NO_UPLOAD_WHY}
                    </li>
                    <li>
                        <strong>{text::start::PROBLEMS}</strong>
                        {text::start::PROBLEMS_WHY}
                    </li>
                    <li>
                        <strong>{text::start::NO_DEVICE}</strong>
                        {text::start::NO_DEVICE_WHY}
                    </li>
                </ul>
            </section>
            <section class="dropzone" aria-label=text::start::OPEN data-slot="current" data-testid="dropzone">
                <span class="dropzone-sign" aria-hidden="true"></span>
                <p class="dropzone-title">{text::start::DROP_HERE}</p>
                <p class="hint">{text::start::KINDS}</p>
                <p class="dropzone-or">{text::start::OR}</p>
                <Openers which=StudySlot::Current />
                <Listing />
                <hr />
                <button
                    class="button"
                    data-testid="open-phantom"
                    on:click=move |_| controller.open_phantom(StudySlot::Current, phantoms::TODAY)
                >
                    {text::start::SYNTHETIC}
                </button>
                <p class="hint">{text::start::SYNTHETIC_HINT}</p>
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
    let status = move || text::start::weights(controller.weights.get());
    view! { <p class="hint" data-testid="weights">{status}</p> }
}
