//! The query.

use std::fmt::Write as _;

use picket_domain::PrNumber;
use serde_json::{Value, json};

use crate::repository::Repository;

/// What is asked of each. `mergeable` is not: it makes GitHub compute a test merge.
const FIELDS: &str = "fragment reception on PullRequest {
  headRefOid
  mergedBy { __typename login }
  reviews(last: 50, states: [APPROVED, CHANGES_REQUESTED, DISMISSED]) {
    totalCount
    nodes { author { __typename login } state submittedAt commit { oid } }
  }
  commits(last: 1) { nodes { commit {
    oid
    statusCheckRollup {
      state
      contexts(first: 100) {
        totalCount
        nodes {
          __typename
          ... on CheckRun { name conclusion }
          ... on StatusContext { context state }
        }
      }
    }
  } } }
}";

/// The name under which the answer has a pull request.
pub(super) fn alias(pr: PrNumber) -> String {
    format!("p{pr}")
}

/// The body of the request. Nothing but numbers is written into the query itself.
pub(super) fn of(repository: &Repository, prs: &[PrNumber]) -> Value {
    let mut pulls = String::new();
    for pr in prs {
        let alias = alias(*pr);
        // Writing to a text does not fail.
        let _ = writeln!(
            pulls,
            "    {alias}: pullRequest(number: {pr}) {{ ...reception }}"
        );
    }
    let query = format!(
        "query($owner: String!, $name: String!) {{\n  \
         rateLimit {{ limit cost remaining resetAt }}\n  \
         repository(owner: $owner, name: $name) {{\n{pulls}  }}\n}}\n{FIELDS}"
    );
    let variables = json!({ "owner": repository.owner, "name": repository.name });
    json!({ "query": query, "variables": variables })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pull_request_has_a_name_made_of_its_number() {
        let repository = Repository {
            owner: "NixOS".into(),
            name: "nix\"pkgs".into(),
        };
        let body = of(&repository, &[PrNumber(7), PrNumber(42)]);
        let query = body["query"].as_str().unwrap();
        insta::assert_snapshot!(query.split("fragment").next().unwrap(), @r"
        query($owner: String!, $name: String!) {
          rateLimit { limit cost remaining resetAt }
          repository(owner: $owner, name: $name) {
            p7: pullRequest(number: 7) { ...reception }
            p42: pullRequest(number: 42) { ...reception }
          }
        }
        ");
        assert_eq!(body["variables"]["name"], "nix\"pkgs");
    }
}
