//! The list of series with their preview images, and the study's card.

use corsai_protocol::{SeriesId, SeriesSummary, StudySlot};
use corsai_report::Severity;
use leptos::{html, prelude::*};
use wasm_bindgen::Clamped;
use web_sys::ImageData;

use crate::{
    browser::canvas_context,
    cards::issues::IssueList,
    controller::{Controller, use_controller},
    state::{Phase, StudyStoreFields, Thumbnail, derived},
    text,
};

/// The list from which a person picks.
#[component]
pub fn SeriesPicker(which: StudySlot) -> impl IntoView {
    let controller = use_controller();
    let list = Memo::new(move |_| derived::selectable_series(controller.study(which)));
    let refused = derived::phase_memo(controller.study(which), |phase| phase == Phase::Refused);
    let title = move || {
        let (usable, all) = list.with(|l| (l.iter().filter(|s| s.usable).count(), l.len()));
        match usable {
            _ if refused.get() => text::series::ANOTHER_MAY,
            0 => text::series::NONE_CAN,
            1 if all == 1 => text::series::THIS_CAN,
            1 => text::series::ONE_CAN,
            _ => text::series::WHICH,
        }
        .get()
    };
    view! {
        <div class="series-picker" data-testid="series-list">
            <h2>{title}</h2>
            <p class="hint">{text::series::ADVICE}</p>
            <ul class="series">{move || list.get().into_iter().map(|s| entry(controller, which, &s)).collect::<Vec<_>>()}</ul>
        </div>
    }
    .into_any()
}

fn entry(controller: Controller, slot: StudySlot, series: &SeriesSummary) -> AnyView {
    let id = series.id;
    let thumbnail = controller.with_state(|s| s.study(slot).thumbnails.iter().find(|t| t.series == id).cloned());
    let label = text::series::measure(series);
    let action = if series.usable {
        view! {
            <button
                class="button button-main"
                aria-label=label
                data-testid="choose-series"
                on:click=move |_| controller.choose(slot, id)
            >
                {text::series::MEASURE_THIS}
            </button>
        }
        .into_any()
    } else {
        view! { <p class="series-unusable">{text::series::UNUSABLE}</p> }.into_any()
    };
    view! {
        <li class="series-entry" class:series-off=!series.usable data-testid="series">
            <PreviewImage thumbnail />
            <div class="series-words">
                <p class="series-name">{text::series::name(series)} <span class="tag">{series.modality.clone()}</span></p>
                <p class="series-facts">{text::series::facts(series)}</p>
                <IssueList issues=series.issues.clone() />
            </div>
            {action}
        </li>
    }
    .into_any()
}

/// A thumbnail, or an empty frame.
#[component]
fn PreviewImage(thumbnail: Option<Thumbnail>) -> impl IntoView {
    let canvas = NodeRef::<html::Canvas>::new();
    Effect::new(move |_| {
        let (Some(canvas), Some(picture)) = (canvas.get(), &thumbnail) else { return };
        let rgba: Vec<u8> = picture.grey.iter().flat_map(|g| [*g, *g, *g, 255]).collect();
        canvas.set_width(picture.columns);
        canvas.set_height(picture.rows);
        let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&rgba), picture.columns, picture.rows);
        if let (Some(context), Ok(image)) = (canvas_context(&canvas), image) {
            let _ = context.put_image_data(&image, 0.0, 0.0);
        }
    });
    view! { <canvas node_ref=canvas class="thumbnail" aria-hidden="true"></canvas> }
}

/// What was dropped and can't be measured, to look at, where it can be shown at all.
#[component]
pub fn RefusedPictures() -> impl IntoView {
    let controller = use_controller();
    let shown = Memo::new(move |_| {
        let study = controller.study(StudySlot::Current);
        let (series, thumbnails) = (study.series().get(), study.thumbnails().get());
        let unusable = series.iter().filter(|s| !s.usable);
        let shown =
            |s: &SeriesSummary| Some((text::series::name(s), thumbnails.iter().find(|t| t.series == s.id)?.clone()));
        unusable.filter_map(shown).collect::<Vec<_>>()
    });
    move || {
        let shown = shown.get();
        (!shown.is_empty()).then(|| {
            let pictures: Vec<_> = shown
                .into_iter()
                .map(|(name, picture)| {
                    view! {
                        <figure class="refused-picture" data-testid="refused-picture">
                            <PreviewImage thumbnail=Some(picture) />
                            <figcaption>{name}</figcaption>
                        </figure>
                    }
                })
                .collect();
            view! {
                <div class="refused-pictures">
                    <p class="hint">{text::series::TO_LOOK_AT}</p>
                    {pictures}
                </div>
            }
        })
    }
}

/// Which study is open, and the ways to another one.
#[component]
pub fn StudyCard() -> impl IntoView {
    let controller = use_controller();
    let study = controller.study(StudySlot::Current);
    let chosen = Memo::new(move |_| derived::chosen_series(study));
    let choosing = derived::phase_memo(study, |phase| phase == Phase::Choosing);
    let others = Memo::new(move |_| {
        // The picker lists them then.
        if choosing.get() { Vec::new() } else { derived::other_series(study) }
    });
    let synthetic = study.synthetic();
    view! {
        <section class="card" aria-labelledby="study-title" data-testid="study">
            <h2 id="study-title" class="card-title">{text::common::THIS_STUDY}</h2>
            {move || {
                chosen
                    .get()
                    .map(|series| {
                        view! {
                            <p class="series-name" data-testid="study-series">
                                {text::series::name(&series)}
                                {synthetic.get().then(|| view! { <span class="tag">{text::series::SYNTHETIC}</span> })}
                            </p>
                            <p class="series-facts">{text::series::facts(&series)}</p>
                        }
                    })
            }}
            {move || {
                let others = others.get();
                (!others.is_empty())
                    .then(|| {
                        let heading = text::series::found(chosen.with(Option::is_some), others.len());
                        let list: Vec<_> = others.into_iter().map(|s| other(controller, &s)).collect();
                        view! {
                            <details class="others">
                                <summary>{heading}</summary>
                                <ul class="series series-small">{list}</ul>
                            </details>
                        }
                    })
            }}
            <div class="actions">
                <button class="button" data-testid="close-study" on:click=move |_| controller.close(StudySlot::Current)>
                    {text::common::OPEN_ANOTHER_STUDY}
                </button>
            </div>
        </section>
    }
    .into_any()
}

fn other(controller: Controller, series: &SeriesSummary) -> AnyView {
    let id: SeriesId = series.id;
    let why: Vec<_> = series.issues.iter().filter(|i| i.severity == Severity::Stop).cloned().collect();
    let label = text::series::measure_instead(series);
    view! {
        <li class="series-entry" data-testid="other-series">
            <div class="series-words">
                <p class="series-name">{text::series::name(series)} <span class="tag">{series.modality.clone()}</span></p>
                <p class="series-facts">{text::series::facts(series)}</p>
                <IssueList issues=why />
            </div>
            {series
                .usable
                .then(|| {
                    view! {
                        <button
                            class="button button-small"
                            aria-label=label
                            data-testid="choose-other"
                            on:click=move |_| controller.choose(StudySlot::Current, id)
                        >
                            {text::series::MEASURE_THIS}
                        </button>
                    }
                })}
        </li>
    }
    .into_any()
}
