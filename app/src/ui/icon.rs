//! Line icons. They never stand alone: a word is always beside them.

use leptos::prelude::*;

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    Back,
    Check,
    Checked,
    Clock,
    Cross,
    Device,
    Download,
    Info,
    Locked,
    More,
    Print,
    Unlocked,
    Warning,
}

impl Icon {
    const fn paths(self) -> &'static str {
        match self {
            Icon::Back => r#"<path d="M14.5 6l-6 6 6 6"/>"#,
            Icon::Check => r#"<path d="M5 12.5l4.5 4.5L19 7.5"/>"#,
            Icon::Checked => r#"<circle cx="12" cy="12" r="9"/><path d="M8 12.3l2.8 2.8L16 9.5"/>"#,
            Icon::Clock => r#"<circle cx="12" cy="12" r="9"/><path d="M12 7v5.3l3.5 2"/>"#,
            Icon::Cross => r#"<path d="M6 6l12 12M18 6L6 18"/>"#,
            Icon::Device => {
                r#"<rect x="5" y="5" width="14" height="10" rx="1"/><path d="M2.5 19h19"/>"#
            }
            Icon::Download => r#"<path d="M12 4v11M7 10.5l5 5 5-5M5 20h14"/>"#,
            Icon::Info => r#"<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.6v.1"/>"#,
            Icon::Locked => {
                r#"<rect x="5" y="11" width="14" height="9" rx="1.5"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/>"#
            }
            Icon::More => r#"<path d="M9.5 6l6 6-6 6"/>"#,
            Icon::Print => r#"<path d="M7 9V4h10v5M7 17H4.5V9h15v8H17M7 14h10v6H7z"/>"#,
            Icon::Unlocked => {
                r#"<rect x="5" y="11" width="14" height="9" rx="1.5"/><path d="M8 11V8a4 4 0 0 1 7.6-1.7"/>"#
            }
            Icon::Warning => r#"<path d="M12 3.5L22 20.5H2z"/><path d="M12 10v4.5M12 17.4v.1"/>"#,
        }
    }

    /// In the size of a heading or a button.
    pub(crate) fn draw(self) -> impl IntoView {
        self.with_class("icon")
    }

    /// In the size of small words.
    pub(crate) fn draw_small(self) -> impl IntoView {
        self.with_class("icon icon-small")
    }

    fn with_class(self, class: &'static str) -> impl IntoView {
        view! {
            <svg
                class=class
                viewBox="0 0 24 24"
                aria-hidden="true"
                focusable="false"
                inner_html=self.paths()
            ></svg>
        }
    }
}
