//! Whole screens, as a person sees them.

use super::*;
use crate::report::sample;

fn screen(report: &Report, width: usize, drawing: Drawing) -> String {
    let terminal = Terminal { width, color: false, drawing, length: Length::Screen };
    let mut out = Vec::new();
    terminal.render(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn eighty_columns() {
    let r = sample::report();
    for w in [60, 80, 120, 200] {
        println!("{}", screen(&r, w, Drawing::Utf8));
    }
    println!("{}", screen(&r, 80, Drawing::Ascii));
}
