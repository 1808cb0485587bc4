//! Paths as git has them: bytes, with slashes between their parts.

pub(super) fn directory_of(path: &[u8]) -> &[u8] {
    path.iter()
        .rposition(|byte| *byte == b'/')
        .map_or(b"", |slash| &path[..slash])
}
