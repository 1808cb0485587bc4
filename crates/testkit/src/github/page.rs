//! Pages of lists, and the `Link` header that leads from one to the next.

use std::collections::BTreeMap;

use url::form_urlencoded;

/// A request's query, in alphabetical order.
pub(super) type Query = BTreeMap<String, String>;

/// One page of a list.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// The `Link` header, where there is more than one page.
    pub(super) link: Option<String>,
}

/// Cuts the page that `query` asks for; `per_page` is 30 unless it says otherwise, at most 100.
pub(super) fn cut<T>(items: Vec<T>, query: &Query, url: &str) -> Page<T> {
    let number = |key: &str| query.get(key).and_then(|text| text.parse::<usize>().ok());
    let per_page = number("per_page").unwrap_or(30).clamp(1, 100);
    let page = number("page").unwrap_or(1).max(1);
    let last = items.len().div_ceil(per_page).max(1);
    let link = link_header(page, last, |page| {
        let mut query = query.clone();
        query.insert("page".into(), page.to_string());
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        format!("{url}?{query}")
    });
    let items = items
        .into_iter()
        .skip((page - 1).saturating_mul(per_page))
        .take(per_page)
        .collect();
    Page { items, link }
}

fn link_header(page: usize, last: usize, url: impl Fn(usize) -> String) -> Option<String> {
    let mut links = Vec::new();
    if page > 1 {
        links.push((page - 1, "prev"));
    }
    if page < last {
        links.extend([(page + 1, "next"), (last, "last")]);
    }
    if page > 1 {
        links.push((1, "first"));
    }
    let links: Vec<_> = links
        .into_iter()
        .map(|(page, rel)| format!("<{}>; rel=\"{rel}\"", url(page)))
        .collect();
    (!links.is_empty()).then(|| links.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(page: &str) -> Option<String> {
        let query = Query::from([
            ("page".to_owned(), page.to_owned()),
            ("per_page".to_owned(), "10".to_owned()),
        ]);
        cut((0..25).collect::<Vec<_>>(), &query, "u").link
    }

    #[test]
    fn links_lead_forward_and_back() {
        insta::assert_snapshot!(links("1").unwrap(), @r#"<u?page=2&per_page=10>; rel="next", <u?page=3&per_page=10>; rel="last""#);
        insta::assert_snapshot!(links("2").unwrap(), @r#"<u?page=1&per_page=10>; rel="prev", <u?page=3&per_page=10>; rel="next", <u?page=3&per_page=10>; rel="last", <u?page=1&per_page=10>; rel="first""#);
        insta::assert_snapshot!(links("3").unwrap(), @r#"<u?page=2&per_page=10>; rel="prev", <u?page=1&per_page=10>; rel="first""#);
    }

    #[test]
    fn a_short_list_has_no_links() {
        assert_eq!(cut(vec![1, 2], &Query::new(), "u").link, None);
    }
}
