//! What the program prints while it works.
//!
//! Libraries emit `tracing` events; those with the target [`PROGRESS`] are short sentences about
//! the work at hand. Everything goes to standard error, so that standard output is left to results.

use std::fmt::{self, Write as _};
use std::io::{IsTerminal, stderr};
use std::time::Instant;

use clap::ValueEnum;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The target of events that tell a person how far the work is.
pub const PROGRESS: &str = "picket::progress";

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line an event, for people.
    Text,
    /// One JSON object an event, for log collectors.
    Json,
    /// Progress alone, with the seconds since the start.
    Progress,
}

/// Starts printing. `PICKET_LOG` chooses what, in the syntax of `tracing`'s filters; the default is
/// `info`.
pub fn init(format: LogFormat) {
    let default = match format {
        LogFormat::Progress => "warn,picket::progress=info",
        LogFormat::Text | LogFormat::Json => "info",
    };
    let filter = std::env::var("PICKET_LOG").unwrap_or_else(|_| default.to_owned());
    let filter = EnvFilter::new(filter);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr);
    match format {
        LogFormat::Text => builder.with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
        LogFormat::Progress => {
            let colour = stderr().is_terminal();
            builder
                .event_format(ProgressLines {
                    start: Instant::now(),
                    colour,
                })
                .init();
        }
    }
}

/// `  12.3 s  built 3 of 7: openssl-3.0.15`
struct ProgressLines {
    start: Instant,
    colour: bool,
}

impl<S, N> FormatEvent<S, N> for ProgressLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut text = Sentence::default();
        event.record(&mut text);
        let seconds = self.start.elapsed().as_secs_f64();
        let (on, off) = match (self.colour, *event.metadata().level()) {
            (true, Level::ERROR | Level::WARN) => ("\x1b[33m", "\x1b[0m"),
            (true, _) => ("\x1b[2m", "\x1b[0m"),
            (false, _) => ("", ""),
        };
        if *event.metadata().level() <= Level::WARN {
            return writeln!(
                writer,
                "{on}{seconds:7.1} s  {}{}{off}",
                text.message, text.fields
            );
        }
        writeln!(writer, "{on}{seconds:7.1} s{off}  {}", text.message)
    }
}

/// An event's message, and its other fields behind it.
#[derive(Default)]
struct Sentence {
    message: String,
    fields: String,
}

impl Visit for Sentence {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, ", {}: {value:?}", field.name())
        };
    }
}
