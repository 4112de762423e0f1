//! A conversation as a file that lasts longer than any program: text to read, a page to look at, data to work with.

use plausch_model::{MessageBody, TimelineItem, Timestamp, Way};

/// The form of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Lines of text.
    Text,
    /// A page for any browser: it loads nothing and runs nothing.
    Html,
    /// JSON (RFC 8259).
    Json,
}

impl Form {
    /// The ending of the file's name.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Text => ".txt",
            Self::Html => ".html",
            Self::Json => ".json",
        }
    }

    /// What the file is (RFC 6838).
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain;charset=utf-8",
            Self::Html => "text/html;charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

/// Who speaks, and how moments are written.
pub struct Export<'a> {
    /// The form.
    pub form: Form,
    /// The other side's name.
    pub peer: &'a str,
    /// Our own name.
    pub own: &'a str,
    /// The chat's address.
    pub chat: &'a str,
    /// The language of the page (BCP 47).
    pub language: &'a str,
    /// A moment for people.
    pub moment: &'a dyn Fn(Timestamp) -> String,
    /// A moment for programs (RFC 3339).
    pub iso: &'a dyn Fn(Timestamp) -> String,
}

impl Export<'_> {
    /// What stands before the messages.
    pub fn head(&self) -> String {
        match self.form {
            Form::Text => [self.peer, " <", self.chat, ">\n\n"].concat(),
            Form::Html => {
                let title = escaped(&[self.peer, " (", self.chat, ")"].concat());
                [
                    "<!doctype html>\n<html lang=\"",
                    self.language,
                    "\">\n<meta charset=\"utf-8\">\n\
                     <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
                     <meta name=\"viewport\" content=\"width=device-width\">\n<title>",
                    &title,
                    "</title>\n<style>:root{color-scheme:light dark;font:1rem/1.45 system-ui,sans-serif}body{max-width:46rem;\
                     margin:2rem auto;padding:0 1rem}article{margin:.75rem 0}header{font-size:.8125rem;opacity:.75}\
                     .out header{font-weight:600}p{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}</style>\n<h1>",
                    &title,
                    "</h1>\n",
                ]
                .concat()
            }
            Form::Json => {
                ["{\"chat\":", &quoted(self.chat), ",\"name\":", &quoted(self.peer), ",\"messages\":["].concat()
            }
        }
    }

    /// One message; `first` of all of them or not.
    pub fn message(&self, item: &TimelineItem, first: bool) -> String {
        let (name, text) = (if item.way == Way::Out { self.own } else { self.peer }, text_of(item));
        match self.form {
            Form::Text => {
                // What goes on in further lines is told from what begins anew.
                let text = text.lines().collect::<Vec<_>>().join("\n    ");
                ["[", &(self.moment)(item.at), "] ", name, ": ", &text, "\n"].concat()
            }
            Form::Html => [
                "<article class=\"",
                item.way.name(),
                "\"><header>",
                &escaped(name),
                " · <time datetime=\"",
                &(self.iso)(item.at),
                "\">",
                &escaped(&(self.moment)(item.at)),
                "</time></header><p dir=\"auto\">",
                &escaped(text),
                "</p></article>\n",
            ]
            .concat(),
            Form::Json => {
                let state = item.state.as_ref().map(|state| [",\"state\":\"", state.name(), "\""].concat());
                [
                    if first { "\n" } else { ",\n" },
                    "{\"id\":",
                    &quoted(item.id.as_str()),
                    ",\"from\":",
                    &quoted(item.author.as_str()),
                    ",\"direction\":\"",
                    item.way.name(),
                    "\",\"time\":\"",
                    &(self.iso)(item.at),
                    "\"",
                    &state.unwrap_or_default(),
                    ",\"text\":",
                    &quoted(text),
                    "}",
                ]
                .concat()
            }
        }
    }

    /// What stands behind the messages.
    pub const fn foot(&self) -> &'static str {
        match self.form {
            Form::Text => "",
            Form::Html => "</html>\n",
            Form::Json => "\n]}\n",
        }
    }
}

fn text_of(item: &TimelineItem) -> &str {
    match &item.body {
        MessageBody::Text(text) => text,
        MessageBody::Unreadable | MessageBody::Retracted => "",
    }
}

/// A text as HTML has it, in an element or in an attribute.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            sign => html.push(sign),
        }
    }
    html
}

/// A text as JSON has it (RFC 8259 §7).
fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len().saturating_add(2));
    json.push('"');
    for sign in text.chars() {
        match sign {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            sign if sign < ' ' => {
                json.push_str("\\u00");
                let code = u32::from(sign);
                json.extend([code >> 4, code & 15].into_iter().filter_map(|digit| char::from_digit(digit, 16)));
            }
            sign => json.push(sign),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::view::fixtures::message;

    fn export(form: Form, texts: &[&str]) -> String {
        let export = Export {
            form,
            peer: "Romeo <M>",
            own: "Juliet",
            chat: "romeo@mont.example",
            language: "en",
            moment: &|at| format!("day {}", at.0),
            iso: &|at| format!("T{}", at.0),
        };
        let items = texts.iter().enumerate().map(|(at, text)| {
            let mut item = message("id", Way::In, i64::try_from(at).unwrap());
            item.body = MessageBody::Text((*text).to_owned());
            item
        });
        let messages: String = items.enumerate().map(|(at, item)| export.message(&item, at == 0)).collect();
        [&export.head(), messages.as_str(), export.foot()].concat()
    }

    #[test]
    fn text_is_read_line_by_line() {
        let written = export(Form::Text, &["one\ntwo", "three"]);
        assert_eq!(
            written,
            "Romeo <M> <romeo@mont.example>\n\n[day 0] Romeo <M>: one\n    two\n[day 1] Romeo <M>: three\n"
        );
    }

    #[test]
    fn a_page_shows_what_was_written_and_runs_nothing() {
        let written = export(Form::Html, &["<script>alert(1)</script> & \"more\" 'too'"]);
        assert!(
            written.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot; &#39;too&#39;"),
            "{written}"
        );
        assert!(!written.contains("<script"));
        assert!(written.contains("<title>Romeo &lt;M&gt; (romeo@mont.example)</title>"));
    }

    proptest! {
        #[test]
        fn data_is_read_as_it_was_written(texts in proptest::collection::vec("\\PC*|[\\x00-\\x1f\"\\\\]*", 0..5)) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let read: serde_json::Value = serde_json::from_str(&export(Form::Json, &texts)).unwrap();
            let messages = read["messages"].as_array().unwrap();
            let found: Vec<&str> = messages.iter().map(|message| message["text"].as_str().unwrap()).collect();
            prop_assert_eq!(found, texts);
            prop_assert_eq!(&read["name"], "Romeo <M>");
        }
    }
}
