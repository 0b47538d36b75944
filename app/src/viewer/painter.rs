//! Paints a slice on a canvas. Pixels are rendered once per state into a hidden canvas of the
//! slice's size; zooming and panning only draw that canvas again.

use wasm_bindgen::{Clamped, JsCast, JsValue};
use web_sys::{HtmlCanvasElement, ImageData, Path2d};

use crate::{
    browser,
    imaging::{
        geometry::ScreenFromImage,
        render::{self, Colours, Overlays, Window},
        slice_cache::{Outlines, SliceImage},
    },
};

/// The state that a hidden canvas shows. Equal states need no new rendering.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PaintedState {
    /// The slice.
    pub index: u32,
    /// It is the earlier study's.
    pub earlier: bool,
    /// The slice cache's revision.
    pub revision: u32,
    /// The range of Hounsfield units.
    pub window: Window,
    /// The overlays.
    pub overlays: Overlays,
}

/// Width of the lungs' outlines, CSS pixels.
const LINE_PX: f64 = 1.25;
/// Width of the lesions' outlines, CSS pixels.
const LESION_LINE_PX: f64 = 1.75;
/// The left lung's dashes, CSS pixels.
const DASH_PX: [f64; 2] = [6.0, 4.0];

/// The hidden canvas and its buffers.
pub struct Painter {
    hidden: HtmlCanvasElement,
    rgba: Vec<u8>,
    painted: Option<PaintedState>,
    outlines: Outlines,
    colours: Colours,
    css: [String; 4],
}

impl Painter {
    /// Returns a painter; `None` where the browser has no canvas.
    pub fn new() -> Option<Self> {
        let hidden = browser::window()?.document()?.create_element("canvas").ok()?.dyn_into().ok()?;
        let css = ["--overlay-right", "--overlay-left", "--overlay-lesion", "--overlay-disagreement"]
            .map(|name| browser::css_token(name).map(|t| t.trim().to_string()).unwrap_or_default());
        let [right, left, lesions, disagreement] = css.each_ref().map(|t| render::parse_colour(t).unwrap_or_default());
        Some(Self {
            hidden,
            rgba: Vec::new(),
            painted: None,
            outlines: Outlines::default(),
            colours: Colours { right, left, lesions, disagreement },
            css,
        })
    }

    /// Forgets the rendered slice.
    pub fn clear(&mut self) {
        self.painted = None;
    }

    /// Whether this state is rendered already.
    pub fn has(&self, state: &PaintedState) -> bool {
        self.painted.as_ref() == Some(state)
    }

    /// Renders a slice into the hidden canvas.
    pub fn paint(&mut self, state: PaintedState, slice: &SliceImage) -> Option<()> {
        self.painted = None;
        let (columns, rows) = (u32::try_from(slice.columns).ok()?, u32::try_from(slice.rows).ok()?);
        render::paint(slice, state.window, &state.overlays, &self.colours, &mut self.rgba);
        if (self.hidden.width(), self.hidden.height()) != (columns, rows) {
            self.hidden.set_width(columns);
            self.hidden.set_height(rows);
        }
        let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&self.rgba), columns, rows).ok()?;
        browser::canvas_context(&self.hidden)?.put_image_data(&image, 0.0, 0.0).ok()?;
        self.outlines.clone_from(&slice.outlines);
        self.painted = Some(state);
        Some(())
    }

    /// Draws the rendered slice onto a canvas of `size` CSS pixels. Without a slice it clears the
    /// canvas.
    pub fn draw(&self, canvas: &HtmlCanvasElement, size: [f64; 2], shown: Option<ScreenFromImage>) -> Option<()> {
        let ratio = browser::window()?.device_pixel_ratio().max(1.0);
        let [width, height] = size.map(|v| (v * ratio).round() as u32);
        if (canvas.width(), canvas.height()) != (width, height) {
            canvas.set_width(width);
            canvas.set_height(height);
        }
        let context = browser::canvas_context(canvas)?;
        context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0).ok()?;
        context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
        let (Some(state), Some(shown)) = (self.painted, shown) else { return Some(()) };
        let [sx, sy] = shown.scale;
        let [ox, oy] = shown.offset;
        context.set_transform(sx * ratio, 0.0, 0.0, sy * ratio, ox * ratio, oy * ratio).ok()?;
        context.set_image_smoothing_enabled(true);
        context.draw_image_with_html_canvas_element(&self.hidden, 0.0, 0.0).ok()?;
        let stroke = |on: bool, path: &str, colour: &str, width_px: f64, dashed: bool| {
            if !on || path.is_empty() {
                return;
            }
            let Ok(path) = Path2d::new_with_path_string(path) else { return };
            let dash = js_sys::Array::new();
            for length in DASH_PX.iter().filter(|_| dashed) {
                dash.push(&JsValue::from_f64(length / sx));
            }
            let _ = context.set_line_dash(&dash);
            context.set_line_width(width_px / sx);
            context.set_stroke_style_str(colour);
            context.stroke_with_path(&path);
        };
        let [right, left, lesions, _] = &self.css;
        stroke(state.overlays.right.on, &self.outlines.right, right, LINE_PX, false);
        stroke(state.overlays.left.on, &self.outlines.left, left, LINE_PX, true);
        stroke(state.overlays.lesions.on, &self.outlines.lesions, lesions, LESION_LINE_PX, false);
        Some(())
    }
}
