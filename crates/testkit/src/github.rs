//! A stateful fake GitHub over HTTP.
