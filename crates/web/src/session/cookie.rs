//! Cookies: read and written by hand, since there are two of them.

use http::{HeaderMap, HeaderValue, header};
use url::Url;

use crate::prefix;

/// A cookie's name, with the prefix that makes browsers bind it to this host where they can. They
/// take that of a host for cookies of the whole host alone.
pub(crate) fn name(base_url: &Url, base_name: &str) -> String {
    match (base_url.scheme(), prefix::of(base_url)) {
        ("https", "") => format!("__Host-{base_name}"),
        ("https", _) => format!("__Secure-{base_name}"),
        _ => base_name.to_owned(),
    }
}

/// The value of the request's cookie of this name.
pub(crate) fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(it, value)| (it == name).then_some(value))
}

/// A header that sets a cookie for this many seconds; 0 removes it. The value is base64url and dots.
pub(crate) fn set(base_url: &Url, base_name: &str, value: &str, seconds: i64) -> HeaderValue {
    let name = name(base_url, base_name);
    let secure = if base_url.scheme() == "https" {
        "; Secure"
    } else {
        ""
    };
    let path = match prefix::of(base_url) {
        "" => "/",
        path => path,
    };
    let text =
        format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).expect("names and values are ASCII without control characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_bound_to_the_host_where_that_is_possible() {
        let https = Url::parse("https://sec.example").unwrap();
        let http = Url::parse("http://127.0.0.1:8080").unwrap();
        let below = Url::parse("https://sec.example/picket").unwrap();
        let texts = [
            set(&https, "picket", "abc", 60),
            set(&http, "picket", "", 0),
            set(&below, "picket", "abc", 60),
        ];
        assert_eq!(
            texts.map(|text| text.to_str().unwrap().to_owned()),
            [
                "__Host-picket=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure",
                "picket=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
                "__Secure-picket=abc; Path=/picket; Max-Age=60; HttpOnly; SameSite=Lax; Secure",
            ]
        );
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            HeaderValue::from_static("a=1; picket=x=y; b"),
        );
        assert_eq!(value(&headers, "picket"), Some("x=y"));
        assert_eq!(value(&headers, "b"), None);
    }
}
