//! Puts a slice on a canvas. Pixels are painted once a state into a hidden canvas of the slice's size; zooming and
//! panning only draw that one again.

use wasm_bindgen::{Clamped, JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData, Path2d};

use super::{
    geometry::ScreenFromImage,
    pixels::{Outlines, Slice},
    render::{self, Colours, Layers, Window},
};
use crate::browser;

/// What a hidden canvas shows; equal keys need no new painting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Key {
    pub index: u32,
    pub earlier: bool,
    pub drawn: u32,
    pub window: Window,
    pub layers: Layers,
}

/// Outlines' width and dashes, CSS pixels.
const LINE_PX: f64 = 1.25;
const LESION_LINE_PX: f64 = 1.75;
const DASH_PX: [f64; 2] = [6.0, 4.0];

/// The hidden canvas and the memory it is painted from.
pub struct Painter {
    hidden: HtmlCanvasElement,
    rgba: Vec<u8>,
    key: Option<Key>,
    outlines: Outlines,
    colours: Colours,
    css: [String; 4],
}

impl Painter {
    /// `None` where the page has no canvas for us.
    pub fn new() -> Option<Self> {
        let hidden = browser::window()?.document()?.create_element("canvas").ok()?.dyn_into().ok()?;
        let css = ["--overlay-right", "--overlay-left", "--overlay-lesion", "--overlay-disagreement"]
            .map(|name| browser::css_token(name).map(|t| t.trim().to_string()).unwrap_or_default());
        let [right, left, lesions, disagreement] = css.each_ref().map(|t| render::colour(t).unwrap_or_default());
        Some(Self {
            hidden,
            rgba: Vec::new(),
            key: None,
            outlines: Outlines::default(),
            colours: Colours { right, left, lesions, disagreement },
            css,
        })
    }

    /// Nothing is painted any more.
    pub fn clear(&mut self) {
        self.key = None;
    }

    /// Whether this very state is painted already.
    pub fn has(&self, key: &Key) -> bool {
        self.key.as_ref() == Some(key)
    }

    /// Paints a slice into the hidden canvas.
    pub fn paint(&mut self, key: Key, slice: &Slice) -> Option<()> {
        self.key = None;
        let (columns, rows) = (u32::try_from(slice.columns).ok()?, u32::try_from(slice.rows).ok()?);
        render::paint(slice, key.window, &key.layers, &self.colours, &mut self.rgba);
        if (self.hidden.width(), self.hidden.height()) != (columns, rows) {
            self.hidden.set_width(columns);
            self.hidden.set_height(rows);
        }
        let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&self.rgba), columns, rows).ok()?;
        context(&self.hidden)?.put_image_data(&image, 0.0, 0.0).ok()?;
        self.outlines.clone_from(&slice.outlines);
        self.key = Some(key);
        Some(())
    }

    /// Draws what is painted onto a canvas of `size` CSS pixels, or nothing but the ground where nothing is.
    pub fn draw(&self, canvas: &HtmlCanvasElement, size: [f64; 2], shown: Option<ScreenFromImage>) -> Option<()> {
        let ratio = browser::window()?.device_pixel_ratio().max(1.0);
        let [width, height] = size.map(|v| (v * ratio).round() as u32);
        if (canvas.width(), canvas.height()) != (width, height) {
            canvas.set_width(width);
            canvas.set_height(height);
        }
        let context = context(canvas)?;
        context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0).ok()?;
        context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
        let (Some(key), Some(shown)) = (self.key, shown) else { return Some(()) };
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
        stroke(key.layers.right.on, &self.outlines.right, right, LINE_PX, false);
        stroke(key.layers.left.on, &self.outlines.left, left, LINE_PX, true);
        stroke(key.layers.lesions.on, &self.outlines.lesions, lesions, LESION_LINE_PX, false);
        Some(())
    }
}

/// A canvas' 2D context.
pub fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}
