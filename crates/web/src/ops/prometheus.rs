//! Prometheus' text format, version 0.0.4.

use std::fmt::Write;

/// One metric: its samples share a name, a help text and a type.
pub(super) struct Metric {
    name: &'static str,
    help: &'static str,
    kind: &'static str,
    samples: Vec<(Vec<(&'static str, String)>, f64)>,
}

impl Metric {
    pub(super) fn gauge(name: &'static str, help: &'static str) -> Self {
        Self::new(name, help, "gauge")
    }

    pub(super) fn counter(name: &'static str, help: &'static str) -> Self {
        Self::new(name, help, "counter")
    }

    fn new(name: &'static str, help: &'static str, kind: &'static str) -> Self {
        let samples = Vec::new();
        Self {
            name,
            help,
            kind,
            samples,
        }
    }

    pub(super) fn sample(&mut self, labels: &[(&'static str, &str)], value: f64) {
        let labels = labels.iter().map(|(name, value)| (*name, escaped(value)));
        self.samples.push((labels.collect(), value));
    }

    /// Adds the metric to a page; a metric without samples is left out.
    pub(super) fn write(&self, page: &mut String) {
        let Self {
            name, help, kind, ..
        } = self;
        if self.samples.is_empty() {
            return;
        }
        let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in &self.samples {
            let labels: Vec<_> = labels
                .iter()
                .map(|(name, value)| format!("{name}=\"{value}\""))
                .collect();
            let labels = match labels.as_slice() {
                [] => String::new(),
                labels => format!("{{{}}}", labels.join(",")),
            };
            let _ = writeln!(page, "{name}{labels} {value}");
        }
    }
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut metric = Metric::gauge("picket_x", "An x.");
        metric.sample(&[("a", "1\"2\\3\n4"), ("b", "c")], 1.5);
        metric.sample(&[], 2.0);
        let mut page = String::new();
        metric.write(&mut page);
        insta::assert_snapshot!(page, @r#"
        # HELP picket_x An x.
        # TYPE picket_x gauge
        picket_x{a="1\"2\\3\n4",b="c"} 1.5
        picket_x 2
        "#);
    }
}
