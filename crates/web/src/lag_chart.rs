//! How much earlier than the stable channel servers had each fix, drawn.

use picket_domain::{PrNumber, Timestamp};

use crate::time::duration;

/// Fixes that are drawn: the last ones.
const DRAWN: usize = 60;
/// Fewer are no picture.
const FEWEST: usize = 2;

/// The drawing's size, in its own units; the page scales it.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 120.0;
/// How much room lines' labels take at the left.
const LEFT: f64 = 56.0;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// What lines are drawn at: the first of these of which few fit below the tallest bar.
const STEPS: [i64; 9] = [
    HOUR / 4,
    HOUR,
    6 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    30 * DAY,
    90 * DAY,
];
const LINES: i64 = 4;

/// Bars, oldest fix first, and lines behind them.
#[derive(Debug, PartialEq)]
pub(crate) struct LagChart {
    pub(crate) bars: Vec<Bar>,
    pub(crate) lines: Vec<Line>,
}

/// One fix.
#[derive(Debug, PartialEq)]
pub(crate) struct Bar {
    pub(crate) pr: PrNumber,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// `#7: 4 d 2 h earlier, caught up 2026-11-28`
    pub(crate) title: String,
}

/// A line at a length of time.
#[derive(Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) y: f64,
    pub(crate) label: String,
}

impl LagChart {
    /// Draws the last of these fixes, which come newest first, each with its lag in seconds and the
    /// time when the stable channel had it; `None` where there are too few.
    pub(crate) fn of(
        newest_first: impl Iterator<Item = (PrNumber, i64, Timestamp)>,
    ) -> Option<Self> {
        let mut fixes: Vec<_> = newest_first.take(DRAWN).collect();
        let tallest = fixes.iter().map(|(_, lag, _)| *lag).max()?.max(1);
        if fixes.len() < FEWEST {
            return None;
        }
        fixes.reverse();
        let room = (WIDTH - LEFT) / fixes.len() as f64;
        let bar = |(at, (pr, lag, when)): (usize, (PrNumber, i64, Timestamp))| {
            let height = scaled(lag.max(0), tallest).max(1.0);
            let day = when.to_string();
            let day = day.split('T').next().unwrap_or_default();
            Bar {
                pr,
                x: tenths(LEFT + at as f64 * room),
                y: tenths(HEIGHT - height),
                width: tenths((room * 0.8).min(40.0)),
                height: tenths(height),
                title: format!("#{pr}: {} earlier, caught up {day}", duration(lag)),
            }
        };
        Some(Self {
            bars: fixes.into_iter().enumerate().map(bar).collect(),
            lines: lines(tallest),
        })
    }
}

fn lines(tallest: i64) -> Vec<Line> {
    let few = STEPS.into_iter().find(|step| tallest / step <= LINES);
    let step = few.unwrap_or(tallest / LINES);
    let line = |count| Line {
        y: tenths(HEIGHT - scaled(count * step, tallest)),
        label: duration(count * step),
    };
    (1..=tallest / step).map(line).collect()
}

fn scaled(lag: i64, tallest: i64) -> f64 {
    // Room for a label above the highest line.
    (HEIGHT - 12.0) * lag as f64 / tallest as f64
}

fn tenths(length: f64) -> f64 {
    (length * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(lags: &[i64]) -> Option<LagChart> {
        let fix = |(pr, lag): (u64, &i64)| (PrNumber(pr), *lag, Timestamp::from_unix(DAY));
        LagChart::of((1..).zip(lags).map(fix))
    }

    #[test]
    fn bars_are_as_tall_as_fixes_were_early_and_the_oldest_is_at_the_left() {
        let chart = chart(&[4 * DAY, 2 * DAY, 0]).unwrap();
        let heights: Vec<_> = chart.bars.iter().map(|bar| (bar.pr, bar.height)).collect();
        assert_eq!(
            heights,
            [(3, 1.0), (2, 54.0), (1, 108.0)].map(|(pr, y)| (PrNumber(pr), y))
        );
        assert!(
            chart
                .bars
                .windows(2)
                .all(|two| two[0].x + two[0].width < two[1].x)
        );
        assert!(chart.bars.iter().all(|bar| bar.y + bar.height == HEIGHT));
        assert_eq!(chart.bars[1].title, "#2: 2 d earlier, caught up 1970-01-02");
        let labels: Vec<_> = chart.lines.iter().map(|line| line.label.as_str()).collect();
        assert_eq!(labels, ["1 d", "2 d", "3 d", "4 d"]);
        assert_eq!(chart.lines[3].y, 12.0);
    }

    #[test]
    fn odd_lags_are_drawn_and_few_fixes_are_not() {
        assert_eq!(chart(&[]), None);
        assert_eq!(chart(&[DAY]), None);
        assert_eq!(chart(&[-5, 0]).unwrap().lines, []);
        let far = chart(&[i64::from(u32::MAX) * 1_000, 1]).unwrap();
        assert!(far.lines.len() <= 5 && far.bars[1].height <= HEIGHT);
        assert_eq!(chart(&vec![HOUR; 500]).unwrap().bars.len(), DRAWN);
    }
}
