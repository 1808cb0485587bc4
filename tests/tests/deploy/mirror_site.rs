//! A real nginx with the shipped configurations before mirrors.

use std::fs;
use std::process::Child;

use anyhow::Result;
use tempfile::TempDir;

use crate::deploy;
use crate::nginx::{free_ports, main_conf, start};

/// An nginx before a mirror; killed when dropped.
pub(crate) struct Nginx {
    child: Child,
    _dir: TempDir,
    pub(crate) base: String,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Nginx {
    /// With a file of `deploy/nginx`, and what it says that a server has to set.
    fn with(locations: &str, around: impl Fn(&str) -> (String, String)) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let [port] = free_ports()?;
        let base = format!("http://127.0.0.1:{port}");
        let (http, server) = around(&base);
        let text = main_conf(&format!(
            "    {http}
    server {{
        listen 127.0.0.1:{port};
        set $picket_base {base};
        {server}
        include {locations};
    }}",
            locations = deploy(locations).display(),
        ));
        let conf = dir.path().join("nginx.conf");
        fs::write(&conf, text)?;
        Ok(Self {
            child: start(dir.path(), &conf)?,
            _dir: dir,
            base,
        })
    }
}

/// Before a bucket, with what the file says that a server has to set.
pub(crate) fn before_bucket(address: &str) -> Result<Nginx> {
    Nginx::with("nginx/picket-bucket-locations.conf", |_| {
        (
            format!("upstream picket_bucket {{ server {address}; }}"),
            format!(
                "set $picket_bucket http://picket_bucket/picket/nixos;
        set $picket_bucket_host {address};"
            ),
        )
    })
}

pub(crate) fn before_folder(folder: &str) -> Result<Nginx> {
    Nginx::with("nginx/picket-folder-locations.conf", |_| {
        let set = format!("root {folder};\n        set $picket_root {folder};");
        (String::new(), set)
    })
}
