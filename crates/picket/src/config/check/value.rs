//! Single values, whatever they are of.

use std::str::FromStr;

use picket_domain::Login;
use toml::Spanned;

use crate::config::error::Problem;

pub(super) type Checked<T> = Result<T, Problem>;

pub(super) fn parse<T: FromStr>(value: &Spanned<String>, remedy: &str) -> Checked<T>
where
    T::Err: std::fmt::Display,
{
    value
        .as_ref()
        .parse()
        .map_err(|error| Problem::new(value.span(), format!("{error}"), remedy))
}

pub(super) fn login(text: &Spanned<String>) -> Checked<Login> {
    parse(text, "write a GitHub login")
}

pub(super) fn at_least_one(raw: Option<&Spanned<u32>>, default: u32) -> Checked<u32> {
    match raw {
        None => Ok(default),
        Some(value) if *value.as_ref() == 0 => Err(Problem::new(
            value.span(),
            "0 would let everything through",
            "write 1 or more",
        )),
        Some(value) => Ok(*value.as_ref()),
    }
}
