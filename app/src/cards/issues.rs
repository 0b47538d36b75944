//! The issues of both studies, gravest first.

use corsai_protocol::StudySlot;
use corsai_report::{Issue, Severity};
use leptos::prelude::*;

use crate::{
    controller::use_controller,
    state::{Phase, derived},
    text,
};

/// Gravest first, as they are listed.
const GROUPS: [Severity; 4] = [Severity::Stop, Severity::Warning, Severity::Skip, Severity::Info];
/// Groups that are open at first.
const OPEN: [Severity; 3] = [Severity::Stop, Severity::Warning, Severity::Skip];

const fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Stop => "issue issue-stop",
        Severity::Warning => "issue issue-warning",
        Severity::Skip => "issue issue-skip",
        Severity::Info => "issue issue-info",
    }
}

const fn sign(severity: Severity) -> &'static str {
    match severity {
        Severity::Stop => "✕",
        Severity::Warning => "!",
        Severity::Skip => "–",
        Severity::Info => "i",
    }
}

/// Files are named up to this many; the rest is counted.
const NAMED: usize = 5;

/// Issues one below the other, without groups.
#[component]
pub fn IssueList(issues: Vec<Issue>) -> impl IntoView {
    let items: Vec<_> = issues.into_iter().map(item).collect();
    view! { <ul class="issues">{items}</ul> }.into_any()
}

fn item(issue: Issue) -> impl IntoView {
    let message = text::issues::sentence(&issue);
    let more = issue.files.len().saturating_sub(NAMED);
    let files: Vec<_> = issue.files.into_iter().take(NAMED).map(|f| view! { <li class="file">{f}</li> }).collect();
    let more = (more > 0).then(|| view! { <li>{text::issues::more_files(more)}</li> });
    view! {
        <li class=class(issue.severity) data-testid="issue" data-code=issue.code.as_str()>
            <span class="issue-sign" aria-hidden="true">{sign(issue.severity)}</span>
            <div>
                <p>
                    <span class="unseen">{text::issues::severity_word(issue.severity)}</span>
                    {message}
                </p>
                {(!files.is_empty()).then(|| view! { <ul class="files">{files} {more}</ul> })}
            </div>
        </li>
    }
    .into_any()
}

/// The warnings of a study, which stand with its numbers: whoever reads these reads them, too.
#[component]
pub fn Warnings(of: StudySlot) -> impl IntoView {
    let controller = use_controller();
    let warnings = Memo::new(move |_| {
        let mut issues = derived::issues(controller.study(of));
        issues.retain(|i| i.severity == Severity::Warning);
        issues
    });
    move || {
        let warnings = warnings.get();
        (!warnings.is_empty()).then(|| {
            view! {
                <div class="warnings" data-testid="warnings">
                    <h3 class="card-subtitle">{text::issues::group_heading(Severity::Warning, warnings.len())}</h3>
                    <IssueList issues=warnings />
                </div>
            }
        })
    }
}

/// The issues of both studies, those of the one on screen first. What stops the current study
/// stands in the place of its numbers, and the warnings of the one on screen beside them.
#[component]
pub fn IssuesCard() -> impl IntoView {
    let controller = use_controller();
    let choosing = derived::phase_memo(controller.study(StudySlot::Current), |phase| phase == Phase::Choosing);
    let shown = Memo::new(move |_| controller.viewport.with(|v| v.slot));
    let earlier_shown = Memo::new(move |_| shown.get() == StudySlot::Previous);
    // Without those that stand with the numbers.
    let further = move |slot: StudySlot| {
        let study = controller.study(slot);
        let mut issues = derived::issues(study);
        let has_numbers = derived::shown_report(study).is_some_and(|report| report.lungs.is_some());
        if has_numbers && shown.get() == slot {
            issues.retain(|i| i.severity != Severity::Warning);
        }
        issues
    };
    let current = Memo::new(move |_| {
        let mut issues = further(StudySlot::Current);
        let choosing = choosing.get();
        issues.retain(|i| i.severity != Severity::Stop || choosing);
        issues
    });
    let earlier = Memo::new(move |_| further(StudySlot::Previous));
    move || {
        let (current, earlier) = (current.get(), earlier.get());
        let both = !current.is_empty() && !earlier.is_empty();
        let of_earlier = (!earlier.is_empty())
            .then(|| view! { <h3 class="card-subtitle">{text::common::EARLIER_STUDY}</h3> {grouped(&earlier)} });
        let of_this = (!current.is_empty()).then(|| {
            let titled = both || earlier_shown.get();
            view! { {titled.then(|| view! { <h3 class="card-subtitle">{text::common::THIS_STUDY}</h3> })} {grouped(&current)} }
        });
        let lists = if earlier_shown.get() {
            view! { {of_earlier} {of_this} }.into_any()
        } else {
            view! { {of_this} {of_earlier} }.into_any()
        };
        (!current.is_empty() || !earlier.is_empty()).then(|| {
            view! {
                <section class="card" id="doubts" aria-label=text::issues::LABEL data-testid="issues">
                    {lists}
                </section>
            }
        })
    }
}

fn grouped(issues: &[Issue]) -> impl IntoView {
    GROUPS
        .into_iter()
        .filter_map(|severity| {
            let group: Vec<Issue> = issues.iter().filter(|i| i.severity == severity).cloned().collect();
            let heading = text::issues::group_heading(severity, group.len());
            let open = OPEN.contains(&severity);
            (!group.is_empty()).then(|| {
                view! {
                    <details class="issue-group" open=open>
                        <summary>{heading}</summary>
                        <IssueList issues=group />
                    </details>
                }
            })
        })
        .collect::<Vec<_>>()
}
