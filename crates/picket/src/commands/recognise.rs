//! `picket recognise`

mod line;
mod score;

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write, stdin, stdout};
use std::process::ExitCode;

use anyhow::Context;
use picket_recognise::Recognition;
use serde::Serialize;

use crate::cli::Recognise;
use line::PullRequest;
use score::Score;

pub(crate) fn run(arguments: &Recognise) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(stdout().lock());
    let (mut score, mut is_whole) = (Score::default(), true);
    let mut input = open(arguments)?;
    let (mut bytes, mut number) = (Vec::new(), 0);
    while input.read_until(b'\n', &mut bytes)? > 0 {
        number += 1;
        let text = String::from_utf8_lossy(&bytes);
        if !text.trim().is_empty() {
            match PullRequest::read(&text) {
                Ok(pull_request) => {
                    let recognition = pull_request.recognise();
                    print(&mut out, &pull_request, &recognition, arguments.json)?;
                    score.add(pull_request, recognition);
                }
                Err(error) => {
                    is_whole = false;
                    eprintln!("error: line {number}: {error}");
                }
            }
        }
        bytes.clear();
    }
    if !arguments.json {
        if arguments.list {
            score.list(&mut out)?;
        }
        write!(out, "{score}")?;
    }
    out.flush()?;
    Ok(ExitCode::from(u8::from(!is_whole)))
}

fn open(arguments: &Recognise) -> anyhow::Result<Box<dyn BufRead>> {
    if arguments.file.as_os_str() == "-" {
        return Ok(Box::new(stdin().lock()));
    }
    let file = File::open(&arguments.file)
        .with_context(|| format!("cannot read {}", arguments.file.display()))?;
    Ok(Box::new(BufReader::new(file)))
}

/// One line of the answer with `--json`.
#[derive(Serialize)]
struct Answer {
    number: u64,
    security: bool,
    reasons: Vec<String>,
}

fn print(
    out: &mut impl Write,
    pull_request: &PullRequest,
    recognition: &Recognition,
    as_json: bool,
) -> anyhow::Result<()> {
    if as_json {
        let answer = Answer {
            number: pull_request.number,
            security: recognition.is_security(),
            reasons: recognition
                .reasons
                .iter()
                .map(ToString::to_string)
                .collect(),
        };
        writeln!(out, "{}", serde_json::to_string(&answer)?)?;
    } else if recognition.is_security() {
        tell(out, pull_request, recognition)?;
    }
    Ok(())
}

/// A pull request with the reasons, for a terminal: what would steer one is taken out.
fn tell(
    out: &mut impl Write,
    pull_request: &PullRequest,
    recognition: &Recognition,
) -> std::io::Result<()> {
    let PullRequest { number, title, .. } = pull_request;
    writeln!(out, "#{number} {}", shown(title))?;
    for reason in &recognition.reasons {
        writeln!(out, "    {}", shown(&reason.to_string()))?;
    }
    Ok(())
}

fn shown(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}
