//! From rows to domain types and back; junk stops here.

use std::fmt::Display;
use std::str::FromStr;

use picket_domain::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::any::AnyRow;
use sqlx::{Any, Decode, Row, Type};

use crate::error::StoreError;

/// A row of a table, which can name itself in errors.
pub(crate) struct TableRow<'r> {
    row: &'r AnyRow,
    table: &'static str,
    key: &'static [&'static str],
}

impl<'r> TableRow<'r> {
    /// `key` lists the columns that name the row; they must have been selected.
    pub(crate) fn new(row: &'r AnyRow, table: &'static str, key: &'static [&'static str]) -> Self {
        Self { row, table, key }
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.get(column)
    }

    pub(crate) fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        self.get(column)
    }

    pub(crate) fn optional_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.get(column)
    }

    /// An identifier that is kept as text.
    pub(crate) fn parsed<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: FromStr<Err: Display>,
    {
        self.parse(column, &self.text(column)?)
    }

    /// An identifier that is kept as text, where there is one.
    pub(crate) fn optional_parsed<T>(&self, column: &'static str) -> Result<Option<T>, StoreError>
    where
        T: FromStr<Err: Display>,
    {
        let text = self.optional_text(column)?;
        text.map(|text| self.parse(column, &text)).transpose()
    }

    /// A domain type that is kept as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(column)?).map_err(|error| self.junk(column, &error))
    }

    pub(crate) fn count(&self, column: &'static str) -> Result<i64, StoreError> {
        self.get(column)
    }

    pub(crate) fn number(&self, column: &'static str) -> Result<u64, StoreError> {
        let number: i64 = self.get(column)?;
        number.try_into().map_err(|error| self.junk(column, &error))
    }

    pub(crate) fn optional_number(&self, column: &'static str) -> Result<Option<u64>, StoreError> {
        let number: Option<i64> = self.get(column)?;
        number
            .map(|number| number.try_into().map_err(|error| self.junk(column, &error)))
            .transpose()
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.get(column).map(Timestamp::from_unix)
    }

    pub(crate) fn optional_time(
        &self,
        column: &'static str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let seconds: Option<i64> = self.get(column)?;
        Ok(seconds.map(Timestamp::from_unix))
    }

    /// The error for a column that holds what Picket never writes.
    pub(crate) fn junk(&self, column: &'static str, problem: &dyn Display) -> StoreError {
        StoreError::Junk {
            table: self.table,
            row: self.name(),
            column,
            problem: problem.to_string(),
        }
    }

    fn get<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: Decode<'r, Any> + Type<Any>,
    {
        self.row
            .try_get(column)
            .map_err(|error| self.junk(column, &error))
    }

    fn parse<T>(&self, column: &'static str, text: &str) -> Result<T, StoreError>
    where
        T: FromStr<Err: Display>,
    {
        text.parse().map_err(|error| self.junk(column, &error))
    }

    fn name(&self) -> String {
        let value = |column: &str| {
            let number = self
                .row
                .try_get(column)
                .map(|number: i64| number.to_string());
            number
                .or_else(|_| self.row.try_get(column))
                .unwrap_or_else(|_| "?".to_owned())
        };
        let parts = self
            .key
            .iter()
            .map(|column| format!("{column}={}", value(column)));
        parts.collect::<Vec<_>>().join(" ")
    }
}

/// A number as the database holds it.
pub(crate) fn stored(number: u64) -> Result<i64, StoreError> {
    number.try_into().map_err(|_| StoreError::TooLarge(number))
}

/// A text as the database holds it: PostgreSQL's TEXT has no NUL, so both engines do without.
/// (JSON escapes it.)
pub(crate) fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
