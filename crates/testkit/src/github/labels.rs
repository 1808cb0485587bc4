//! Labels, as GitHub shows them.

use serde_json::{Value, json};

use super::world::{Thread, World};

/// The labels of a pull request or issue.
pub(super) fn labels(world: &World, thread: &Thread) -> Value {
    thread
        .labels
        .iter()
        .map(|name| label(world, name))
        .collect()
}

/// One label.
pub(super) fn label(world: &World, name: &str) -> Value {
    let sum: u64 = name.bytes().map(u64::from).sum();
    let path: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    json!({
        "id": sum,
        "node_id": format!("LA_{sum}"),
        "url": format!("{}/labels/{path}", world.api()),
        "name": name,
        "description": "",
        "color": "ee9e84",
        "default": false,
    })
}
