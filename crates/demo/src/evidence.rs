//! What the demo's world knows of its vulnerabilities elsewhere: the files that registers publish, for
//! vulnerabilities that are all made up.

use std::fs;
use std::io;
use std::path::Path;

use picket_domain::Timestamp;
use serde_json::{Value, json};

const DAY: i64 = 24 * 3_600;

/// One vulnerability, as registers know it.
struct Known {
    cve: &'static str,
    vector: &'static str,
    summary: &'static str,
    /// nixpkgs' attributes that are affected.
    attributes: &'static [&'static str],
    /// The probability and the percentile.
    epss: (&'static str, &'static str),
    is_exploited: bool,
}

/// Of the others no register knows anything yet, as it often is on the first day.
const KNOWN: [Known; 4] = [
    Known {
        cve: "CVE-2026-31402",
        vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N",
        summary: "Mastodon: private posts can be read without signing in",
        attributes: &["mastodon"],
        epss: ("0.41803", "0.97310"),
        is_exploited: true,
    },
    Known {
        cve: "CVE-2026-20771",
        vector: "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H",
        summary: "OpenSSL: heap overflow in the parsing of certificates",
        attributes: &["openssl"],
        epss: ("0.02154", "0.83900"),
        is_exploited: false,
    },
    Known {
        cve: "CVE-2026-28813",
        vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
        summary: "nginx: a crafted request can crash a worker",
        attributes: &["nginx", "angie"],
        epss: ("0.00310", "0.52200"),
        is_exploited: false,
    },
    Known {
        cve: "CVE-2026-27202",
        vector: "CVSS:3.1/AV:N/AC:H/PR:H/UI:N/S:U/C:H/I:L/A:L",
        summary: "Redis: a Lua script can run code in the server",
        attributes: &["redis"],
        epss: ("0.00087", "0.24710"),
        is_exploited: false,
    },
];

/// The files' names, for the configuration: CISA's catalogue, advisories, FIRST's scores.
pub(crate) const FILES: [&str; 3] = ["kev.json", "advisories.jsonl", "epss.csv"];

/// Writes the files as they are on this day.
pub(crate) fn write(dir: &Path, today: Timestamp) -> io::Result<()> {
    let [kev, advisories, epss] = FILES;
    fs::write(dir.join(kev), catalogue(today).to_string())?;
    fs::write(dir.join(advisories), records(today))?;
    fs::write(dir.join(epss), scores(today))
}

fn catalogue(today: Timestamp) -> Value {
    let exploited = KNOWN.iter().filter(|it| it.is_exploited);
    let entries = exploited.map(|it| {
        json!({
            "cveID": it.cve,
            "dateAdded": day(today, -1),
            "dueDate": day(today, 13),
            "knownRansomwareCampaignUse": "Unknown",
        })
    });
    json!({ "vulnerabilities": entries.collect::<Vec<_>>() })
}

/// A register's record of each, and that of nixpkgs' tracker, a line each.
fn records(today: Timestamp) -> String {
    let record = |(number, it): (u32, &Known)| {
        let affected = it
            .attributes
            .iter()
            .map(|name| json!({ "package": { "ecosystem": "Nixpkgs", "name": name } }));
        let tracked = json!({
            "id": format!("NIXPKGS-2026-{number:04}"),
            "modified": today.to_string(),
            "upstream": [it.cve],
            "summary": it.summary,
            "affected": affected.collect::<Vec<_>>(),
        });
        let rated = json!({
            "id": it.cve,
            "modified": today.to_string(),
            "summary": it.summary,
            "severity": [{ "type": "CVSS_V3", "score": it.vector }],
        });
        format!("{tracked}\n{rated}\n")
    };
    (1..).zip(&KNOWN).map(record).collect()
}

fn scores(today: Timestamp) -> String {
    let rows = KNOWN.iter().map(|it| {
        let (probability, percentile) = it.epss;
        format!("{},{probability},{percentile}\n", it.cve)
    });
    let rows: String = rows.collect();
    let date = day(today, -1);
    format!(
        "#model_version:v2025.03.14,score_date:{date}T00:00:00+0000\ncve,epss,percentile\n{rows}"
    )
}

/// `2026-11-28`, so many days later.
fn day(today: Timestamp, days: i64) -> String {
    let text = today.plus_seconds(days * DAY).to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}
