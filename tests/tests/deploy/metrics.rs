//! Dashboards and alerts speak of metrics that there are.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::read;

/// What Prometheus itself knows of a scraped server.
const OF_PROMETHEUS: &str = "up";

/// Every metric of the dashboard and the server's alerts is on the page, with the labels' values.
pub(crate) fn all_are_there(page: &str) -> Result<()> {
    let dashboard: Value = serde_json::from_str(&read("grafana/picket.json")?)?;
    let mut expressions = Vec::new();
    in_json(&dashboard, &mut expressions);
    expressions.extend(in_rules(&read("prometheus/picket.rules.yml")?));
    ensure!(expressions.len() > 15, "too few were found");
    each_is_there(&expressions, page)
}

/// The same of the subscribers' alerts and the file that they come from.
pub(crate) fn those_of_subscribers_are_there(page: &str) -> Result<()> {
    let expressions = in_rules(&read("prometheus/picket-subscriber.rules.yml")?);
    ensure!(expressions.len() >= 5, "too few were found");
    each_is_there(&expressions, page)
}

fn each_is_there(expressions: &[String], page: &str) -> Result<()> {
    let known: BTreeSet<&str> = page.lines().filter_map(|line| sample(line)).collect();
    for expression in expressions {
        let names: Vec<_> = words(expression)
            .filter(|word| word.starts_with("picket_"))
            .collect();
        ensure!(
            !names.is_empty() || words(expression).any(|word| word == OF_PROMETHEUS),
            "{expression} names no metric"
        );
        for name in names {
            ensure!(known.contains(name), "{expression}: there is no {name}");
        }
        for (label, value) in label_values(expression) {
            let sample = format!("{label}=\"{value}\"");
            ensure!(page.contains(&sample), "{expression}: there is no {sample}");
        }
    }
    Ok(())
}

/// The name of a sample's metric.
fn sample(line: &str) -> Option<&str> {
    let name = line.split(['{', ' ']).next()?;
    (!line.starts_with('#') && !name.is_empty()).then_some(name)
}

fn words(expression: &str) -> impl Iterator<Item = &str> {
    expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

/// `state="a"` and `state=~"a|b"`, as pairs of a label and one value; those that a dashboard's
/// variable or the scrape's own configuration fills in are left out.
fn label_values(expression: &str) -> Vec<(&str, &str)> {
    let pieces: Vec<_> = expression.split('"').collect();
    let mut found = Vec::new();
    for pair in pieces.chunks_exact(2) {
        let label = pair[0].trim_end_matches(['=', '~']);
        let label = words(label).last().unwrap_or_default();
        if label != "job" && !pair[1].starts_with('$') {
            found.extend(pair[1].split('|').map(|value| (label, value)));
        }
    }
    found
}

/// Every text under a key `expr`.
fn in_json(json: &Value, found: &mut Vec<String>) {
    match json {
        Value::Array(items) => items.iter().for_each(|item| in_json(item, found)),
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if name == "expr" => found.push(text.clone()),
                    field => in_json(field, found),
                }
            }
        }
        _ => {}
    }
}

/// Every `expr:` of a file of rules; each is on one line.
fn in_rules(yaml: &str) -> Vec<String> {
    let expressions = yaml
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "));
    expressions.map(str::to_owned).collect()
}

#[test]
fn labels_are_found() {
    let expression =
        r#"sum by (a) (picket_x{state=~"b|c",channel=~"$channel"}) + y{kind="d",job="e"}"#;
    let expected = [("state", "b"), ("state", "c"), ("kind", "d")];
    assert_eq!(label_values(expression), expected);
}

#[test]
fn what_is_not_there_is_noticed() {
    let page = "# HELP picket_a A.\npicket_a{state=\"b\"} 1\n";
    let check = |text: &str| each_is_there(&[text.to_owned()], page);
    assert!(check(r#"picket_a{state="b"} > 1"#).is_ok());
    assert!(check(r#"picket_a{state="c"} > 1"#).is_err());
    assert!(check("rate(picket_b[5m])").is_err());
    assert!(check("1 + 1").is_err());
}
