//! Who can see what, drawn along the way of an order: wide in one line, narrow in one column.

use leptos::prelude::*;
use std::fmt::Write as _;

/// A station on the way: whether it can read, its name, and what it sees in two short lines.
struct Station {
    glyph: Glyph,
    name: String,
    sees: [&'static str; 2],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Glyph {
    /// An opened letter in the customer's ink.
    Yours,
    /// An opened letter in the bank's ink.
    Theirs,
    /// A closed envelope.
    Shut,
}

impl Glyph {
    const fn paths(self) -> &'static str {
        match self {
            Glyph::Yours => {
                r#"<path class="glyph" d="M0 12L22 0L44 12V40H0Z"/><path class="write" d="M11 17h22M11 24h22M11 31h12"/>"#
            }
            Glyph::Theirs => {
                r#"<path class="glyph glyph-theirs" d="M0 12L22 0L44 12V40H0Z"/><path class="write write-theirs" d="M11 17h22M11 24h22M11 31h12"/>"#
            }
            Glyph::Shut => {
                r#"<path class="glyph glyph-shut" d="M0 10H44V40H0Z"/><path class="rule" d="M0 10l22 16 22-16"/>"#
            }
        }
    }
}

fn stations(bank: &str) -> [Station; 5] {
    let station = |glyph, name: &str, sees| Station {
        glyph,
        name: escape(name),
        sees,
    };
    [
        station(
            Glyph::Yours,
            "Your device",
            ["sees all of it", "holds your key"],
        ),
        station(
            Glyph::Shut,
            "Web server",
            ["sees a sealed envelope,", "its padded size, the time"],
        ),
        station(
            Glyph::Shut,
            "Message store",
            ["sees a sealed envelope", "and which bank it is for"],
        ),
        station(
            Glyph::Theirs,
            bank,
            ["opens it, checks your", "signature, books it"],
        ),
        station(
            Glyph::Shut,
            "The way back",
            ["sees a sealed envelope", "for your device only"],
        ),
    ]
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// One station with its ground, at a place; words begin at `words` and stand `leading` apart.
fn draw(station: &Station, at: (i32, i32), words: (i32, i32), leading: i32) -> String {
    let (x, y) = at;
    let accent = if station.glyph == Glyph::Theirs {
        " class=\"t-accent\""
    } else {
        ""
    };
    let mut svg = format!(
        "<rect x=\"{}\" y=\"{y}\" width=\"60\" height=\"60\" class=\"ground\"/>\
         <g transform=\"translate({} {})\">{}</g><text x=\"{}\" y=\"{}\"{accent}>{}</text>",
        x - 8,
        x + 1,
        y + 8,
        station.glyph.paths(),
        words.0,
        words.1,
        station.name
    );
    for (line, text) in (1..).zip(station.sees) {
        let y = words.1 + 2 + line * leading;
        // Writing to a String cannot fail.
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{y}\" class=\"t-quiet\">{text}</text>",
            words.0
        );
    }
    svg
}

fn wide(bank: &str) -> String {
    let mut svg = r#"<path class="rule" d="M22 32H900"/>"#.to_owned();
    for (station, at) in stations(bank).iter().zip(0..) {
        let x = at * 225;
        svg.push_str(&draw(station, (x, 0), (x, 88), 22));
    }
    svg
}

fn tall(bank: &str) -> String {
    let mut svg = r#"<path class="rule" d="M23 30V400"/>"#.to_owned();
    for (station, at) in stations(bank).iter().zip(0..) {
        let y = at * 94;
        svg.push_str(&draw(station, (0, y), (68, y + 18), 21));
    }
    svg
}

#[component]
pub(super) fn Diagram(bank: String) -> impl IntoView {
    view! {
        <figure class="flow">
            <svg
                class="diagram diagram-wide"
                viewBox="0 0 1100 150"
                aria-hidden="true"
                focusable="false"
                inner_html=wide(&bank)
            ></svg>
            <svg
                class="diagram diagram-tall"
                viewBox="0 0 340 470"
                aria-hidden="true"
                focusable="false"
                inner_html=tall(&bank)
            ></svg>
            <figcaption class="note quiet">
                "An order leaves your device sealed and is opened once, at the bank. The receipt returns sealed to you. The web server does learn that you wrote, when, from which network address, and the rough size. It also serves the program code of this page: whoever does that must still be trusted."
            </figcaption>
        </figure>
        <p class="visually-hidden">
            {format!(
                "Your device sees the order and holds your key. The web server and the message store hold a sealed envelope. {bank} opens the order, checks your signature and books it. The receipt returns in an envelope only your device can open.",
            )}
        </p>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bank_may_be_called_anything() {
        let svg = wide("A & B <Bank>");
        assert!(svg.contains("A &amp; B &lt;Bank&gt;"));
        assert_eq!(svg.matches("class=\"ground\"").count(), 5);
        assert_eq!(tall("X").matches("<text").count(), 15);
    }
}
