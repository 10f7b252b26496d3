//! Pictures as SVG files: charts, and what other drawings of the page share with them.

use super::axis;
use super::picture::{INSETS, Picture};

/// The colours of a picture, as CSS writes them.
pub struct Colours<'a> {
    pub ink: &'a str,
    pub soft: &'a str,
    pub rule: &'a str,
    pub sheet: &'a str,
}

/// Text as SVG writes it.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The beginning of a picture of this size, in pixels.
pub fn open(width: f64, height: f64, colours: &Colours<'_>) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\
         <rect width=\"100%\" height=\"100%\" fill=\"{}\"/>",
        colours.sheet
    )
}

/// A chart with its legend; `colour` gives the colours of the properties that its lines name.
pub fn chart(
    picture: &Picture,
    legend: &[(&str, String)],
    colour: impl Fn(&str) -> String,
    colours: &Colours<'_>,
) -> String {
    const SIZE: (f64, f64) = (960.0, 480.0);
    const ROW: f64 = 20.0;
    let top = ROW * legend.len() as f64;
    let [left, right, above, below] = INSETS;
    let mut out = open(SIZE.0, SIZE.1 + top, colours);
    let font = "font-family=\"system-ui, sans-serif\" font-size=\"12\"";
    let x = |value: f64| left + picture.x.position(value) * (SIZE.0 - left - right);
    let y = |value: f64| top + SIZE.1 - below - picture.y.position(value) * (SIZE.1 - above - below);
    let label = |x: f64, y: f64, anchor: &str, said: &str| {
        format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" {font} fill=\"{}\">{}</text>",
            colours.soft,
            escaped(said)
        )
    };
    let rule = |from: (f64, f64), to: (f64, f64), colour: &str| {
        format!("<path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"{colour}\"/>", from.0, from.1, to.0, to.1)
    };
    for (row, (name, said)) in legend.iter().enumerate() {
        let middle = (row as f64 + 0.5) * ROW + 4.0;
        out += &format!("<rect x=\"14\" y=\"{}\" width=\"22\" height=\"3\" fill=\"{}\"/>", middle - 1.5, colour(name));
        out += &label(44.0, middle + 4.0, "start", said);
    }
    for tick in picture.y.ticks(8) {
        out += &rule((left, y(tick)), (SIZE.0 - right, y(tick)), colours.rule);
        out += &label(left - 6.0, y(tick) + 4.0, "end", &axis::figure(tick));
    }
    for tick in picture.x.ticks(11) {
        out += &label(x(tick), top + SIZE.1 - below + 18.0, "middle", &axis::figure(tick));
    }
    out += &label((left + SIZE.0 - right) / 2.0, top + SIZE.1 - 6.0, "middle", picture.x_name);
    out += &format!(
        "<g transform=\"translate(14 {}) rotate(-90)\">{}</g>",
        top + SIZE.1 / 2.0,
        label(0.0, 0.0, "middle", picture.y_name)
    );
    for (mark, said) in &picture.marks {
        out += &rule((x(*mark), y(picture.y.low)), (x(*mark), y(picture.y.high)), colours.soft);
        // Near the right edge the label goes to the left of the line.
        let (anchor, beside) = if picture.x.position(*mark) > 0.7 { ("end", -4.0) } else { ("start", 4.0) };
        out += &label(x(*mark) + beside, y(picture.y.high) + 12.0, anchor, said);
    }
    for line in &picture.lines {
        let points: Vec<String> =
            line.points.iter().map(|point| format!("{:.1} {:.1}", x(point.0), y(point.1))).collect();
        if !points.is_empty() {
            let dashes = if line.dashed { " stroke-dasharray=\"6 4\"" } else { "" };
            out += &format!(
                "<path d=\"M{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{dashes}/>",
                points.join("L"),
                colour(line.colour),
                line.width
            );
        }
        if let Some(end) = line.points.last().filter(|_| line.dot) {
            out += &format!(
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"{}\"/>",
                x(end.0),
                y(end.1),
                colour(line.colour)
            );
        }
    }
    out + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::chart::axis::Axis;
    use crate::ui::chart::picture::Line;

    const COLOURS: Colours<'static> = Colours { ink: "#000", soft: "#555", rule: "#ddd", sheet: "#fff" };

    #[test]
    fn a_chart_has_its_lines_ticks_and_legend() {
        let line =
            Line { points: vec![(0.0, 1.0), (2.0, 10.0)], colour: "--run-0", width: 2.0, dot: true, dashed: true };
        let y = Axis { low: 1.0, high: 100.0, logarithmic: true };
        let (x, marks) = (Axis::linear(0.0, 2.0), vec![(1.0, "here".to_owned()), (1.9, "there".to_owned())]);
        let picture = Picture { x, y, x_name: "x", y_name: "y", lines: vec![line], marks };
        let svg = chart(&picture, &[("--run-0", "now".into())], |name| format!("[{name}]"), &COLOURS);
        assert!(svg.contains("M52.0 456.0L944.0 244.0"), "{svg}");
        assert!(svg.contains("stroke=\"[--run-0]\"") && svg.contains("stroke-dasharray") && svg.contains("<circle"));
        assert!(svg.contains("<text x=\"502.0\" y=\"44.0\" text-anchor=\"start\""), "{svg}");
        assert!(svg.contains("<text x=\"895.4\" y=\"44.0\" text-anchor=\"end\""), "the label stays on the picture");
        assert!(svg.contains(">now<") && svg.contains(">here<") && svg.contains(">100<"));
    }
}
