//! Plots as SVG: no script, no outside resource; a point's title names its study.

use std::fmt::Write;

use corsai_language::{Language, message};

use crate::statistics::BlandAltman;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 320.0;
/// Left, right, top and bottom margins of the plotted area.
const LEFT: f64 = 62.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 44.0;
/// Approximate number of ticks on an axis.
const TICKS: f64 = 5.0;

/// A study's name and its coordinates in a plot.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    pub name: String,
    pub x: f64,
    pub y: f64,
}

/// Returns text in which no character is markup.
pub(super) fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Neither HTML nor XML allows the others.
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Returns a number with three decimals at most.
fn short(language: Language, value: f64) -> String {
    language.short_number((value * 1e3).round() / 1e3)
}

/// An axis: maps values to the plot's units.
#[derive(Debug, Clone, Copy)]
struct Axis {
    low: f64,
    high: f64,
    step: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// Returns an axis over all values, with round ends.
    fn new(values: impl Iterator<Item = f64>, (from, to): (f64, f64)) -> Self {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let (low, high) = if low > high { (0.0, 1.0) } else { (low, high) };
        let span = if high - low > 1e-9 { high - low } else { high.abs().max(1.0) };
        let raw = span / TICKS;
        let magnitude = 10_f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * magnitude).into_iter().find(|step| *step >= raw);
        let step = step.expect("invariant: ten times a magnitude is above what has it");
        let (low, mut high) = ((low / step).floor() * step, (high / step).ceil() * step);
        if high - low < step / 2.0 {
            high = low + step;
        }
        Self { low, high, step, from, to }
    }

    fn at(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> + '_ {
        let count = ((self.high - self.low) / self.step).round() as usize;
        (0..=count).map(|nth| self.low + nth as f64 * self.step)
    }
}

/// A plot under construction.
struct Plot {
    language: Language,
    svg: String,
    x: Axis,
    y: Axis,
}

impl Plot {
    fn new(language: Language, title: &str, [x, y]: [Axis; 2], [x_label, y_label]: [&str; 2]) -> Self {
        let mut plot = Self { language, svg: String::new(), x, y };
        let title = escape_html(title);
        plot.put(format_args!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>"
        ));
        for tick in y.ticks() {
            let at = y.at(tick);
            plot.put(format_args!(
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/><text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                at + 4.0,
                short(language, tick)
            ));
        }
        plot.put(format_args!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            (LEFT + WIDTH - RIGHT) / 2.0,
            HEIGHT - 6.0,
            escape_html(x_label)
        ));
        plot.put(format_args!(
            "<text transform=\"translate(14 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            (TOP + HEIGHT - BOTTOM) / 2.0,
            escape_html(y_label)
        ));
        plot
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        self.svg.write_fmt(text).expect("invariant: writing to a text doesn't fail");
    }

    fn x_ticks(mut self) -> Self {
        let x = self.x;
        for tick in x.ticks() {
            self.x_tick(x.at(tick), &short(self.language, tick));
        }
        self
    }

    fn x_tick(&mut self, at: f64, text: &str) {
        let y = HEIGHT - BOTTOM + 16.0;
        self.put(format_args!(
            "<text class=\"tick\" x=\"{at:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{}</text>",
            escape_html(text)
        ));
    }

    fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let [x1, x2] = [x1, x2].map(|x| self.x.at(x));
        let [y1, y2] = [y1, y2].map(|y| self.y.at(y));
        self.put(format_args!("<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"));
    }

    /// Draws a line across the plot at the value `y`, with a label.
    fn level(&mut self, class: &str, y: f64, words: &str) {
        let (low, high) = (self.x.low, self.x.high);
        self.line(class, (low, y), (high, y));
        let (x, y) = (WIDTH - RIGHT - 2.0, self.y.at(y) - 3.0);
        self.put(format_args!(
            "<text class=\"tick\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"end\">{}</text>",
            escape_html(words)
        ));
    }

    fn point(&mut self, Point { name, x, y }: &Point) {
        let (cx, cy) = (self.x.at(*x), self.y.at(*y));
        let [x, y] = [x, y].map(|value| short(self.language, *value));
        let title = message!(self.language, "plot-point", name = name.as_str(), x = x, y = y);
        self.put(format_args!(
            "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"4\"><title>{}</title></circle>",
            escape_html(&title)
        ));
    }

    fn finish(mut self) -> String {
        self.svg.push_str("</svg>");
        self.svg
    }
}

const ACROSS: (f64, f64) = (LEFT, WIDTH - RIGHT);
const UP: (f64, f64) = (HEIGHT - BOTTOM, TOP);

/// Returns a scatter plot of measured over reference values, with the line of equality.
pub(super) fn scatter(language: Language, title: &str, points: &[Point], unit: &str) -> String {
    let all = || points.iter().flat_map(|point| [point.x, point.y]).chain([0.0]);
    let (x, y) = (Axis::new(all(), ACROSS), Axis::new(all(), UP));
    let labels = ["plot-reference", "plot-measured"].map(|id| message!(language, id, unit = unit));
    let mut plot = Plot::new(language, title, [x, y], labels.each_ref().map(String::as_str)).x_ticks();
    plot.line("equal", (x.low, x.low), (x.high, x.high));
    for point in points {
        plot.point(point);
    }
    plot.finish()
}

/// Returns Bland and Altman's plot: difference over mean, with bias and limits of agreement.
/// `points` have the reference as x and the measured value as y.
pub(super) fn bland_altman(
    language: Language,
    title: &str,
    points: &[Point],
    agreement: &BlandAltman,
    unit: &str,
) -> String {
    let differences: Vec<Point> = points
        .iter()
        .map(|point| Point { name: point.name.clone(), x: f64::midpoint(point.x, point.y), y: point.y - point.x })
        .collect();
    let limits = agreement.limits.into_iter().flatten();
    let x = Axis::new(differences.iter().map(|point| point.x).chain([0.0]), ACROSS);
    let y = Axis::new(differences.iter().map(|point| point.y).chain(limits).chain([0.0]), UP);
    let labels = ["plot-mean", "plot-difference"].map(|id| message!(language, id, unit = unit));
    let mut plot = Plot::new(language, title, [x, y], labels.each_ref().map(String::as_str)).x_ticks();
    plot.line("zero", (x.low, 0.0), (x.high, 0.0));
    let bias = message!(language, "plot-bias", value = short(language, agreement.me));
    plot.level("bias", agreement.me, &bias);
    for limit in agreement.limits.into_iter().flatten() {
        plot.level("limit", limit, &short(language, limit));
    }
    for point in &differences {
        plot.point(point);
    }
    plot.finish()
}

/// Returns a strip plot: the values of each group, 0..=1, with the group's median.
pub(super) fn strip_plot(
    language: Language,
    title: &str,
    groups: &[(String, Vec<(String, f64)>)],
    y_label: &str,
) -> String {
    let x = Axis { low: 0.0, high: groups.len().max(1) as f64, step: 1.0, from: LEFT, to: WIDTH - RIGHT };
    let y = Axis { low: 0.0, high: 1.0, step: 0.2, from: UP.0, to: UP.1 };
    let mut plot = Plot::new(language, title, [x, y], ["", y_label]);
    for (nth, (label, values)) in groups.iter().enumerate() {
        let middle = nth as f64 + 0.5;
        plot.x_tick(x.at(middle), &format!("{label} ({})", values.len()));
        let numbers: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
        if let Some(summary) = crate::SummaryStatistics::from_values(&numbers) {
            plot.line("bias", (middle - 0.3, summary.median), (middle + 0.3, summary.median));
        }
        for (at, (name, value)) in values.iter().enumerate() {
            // Spread evenly, so that equal values can be told apart.
            let aside = (at as f64 + 0.5) / values.len() as f64 - 0.5;
            plot.point(&Point { name: format!("{name}, {label}"), x: middle + 0.4 * aside, y: *value });
        }
    }
    plot.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points() -> Vec<Point> {
        let of = |name: &str, x, y| Point { name: name.into(), x, y };
        vec![of("a", 10.0, 12.0), of("b <i>&", 20.0, 18.0), of("c", 30.0, 33.0)]
    }

    fn circles(svg: &str) -> Vec<[f64; 2]> {
        let number = |text: &str, name: &str| {
            let (_, rest) = text.split_once(&format!("{name}=\"")).unwrap();
            rest.split_once('"').unwrap().0.parse::<f64>().unwrap()
        };
        svg.split("<circle ").skip(1).map(|circle| [number(circle, "cx"), number(circle, "cy")]).collect()
    }

    #[test]
    fn a_scatter_has_equal_values_on_its_line() {
        let equal = Point { name: "e".into(), x: 40.0, y: 40.0 };
        let svg = scatter(Language::english(), "shares", &[points(), vec![equal]].concat(), "points");
        let found = circles(&svg);
        assert_eq!(found.len(), 4);
        // 0 to 40 on both axes: the last one is in the upper right corner.
        assert_eq!(found[3], [WIDTH - RIGHT, TOP]);
        assert!(found[0][0] < found[1][0] && found[0][1] > found[1][1]);
        assert!(svg.contains("b &lt;i&gt;&amp;: 20, 18") && !svg.contains("<i>"));
    }

    #[test]
    fn a_bland_altman_plot_shows_differences_with_bias_and_limits() {
        let pairs: Vec<(f64, f64)> = points().iter().map(|point| (point.y, point.x)).collect();
        let agreement = BlandAltman::from_pairs(&pairs).unwrap();
        let svg = bland_altman(Language::english(), "shares", &points(), &agreement, "points");
        assert!(svg.contains("a: 11, 2<") && svg.contains("c: 31.5, 3<"), "{svg}");
        assert!(svg.contains("bias 1<"));
        assert_eq!(svg.matches("class=\"limit\"").count(), 2);
    }

    #[test]
    fn one_point_and_none_are_plots_as_well() {
        let one = [Point { name: "a".into(), x: 0.0, y: 0.0 }];
        let agreement = BlandAltman::from_pairs(&[(0.0, 0.0)]).unwrap();
        let english = Language::english();
        let plots = [
            scatter(english, "t", &one, "mL"),
            scatter(english, "t", &[], "mL"),
            bland_altman(english, "t", &one, &agreement, "mL"),
        ];
        for svg in plots {
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>") && !svg.contains("NaN"), "{svg}");
        }
        let svg = strip_plot(
            english,
            "Dice",
            &[("lesions".into(), vec![("a".into(), 0.5), ("b".into(), 0.5)]), ("left".into(), Vec::new())],
            "Dice",
        );
        let found = circles(&svg);
        assert_eq!(found[0][1], (TOP + HEIGHT - BOTTOM) / 2.0);
        assert!(found[0][0] < found[1][0] && svg.contains("left (0)"));
    }

    #[test]
    fn axes_have_round_ends_and_ticks() {
        let axis = Axis::new([-3.2, 41.0].into_iter(), (0.0, 100.0));
        assert_eq!((axis.low, axis.high, axis.step), (-10.0, 50.0, 10.0));
        assert_eq!(axis.ticks().count(), 7);
        assert_eq!([0.0, -0.0004, 1.25, -7.0].map(|value| short(Language::english(), value)), ["0", "0", "1.25", "−7"]);
    }
}
