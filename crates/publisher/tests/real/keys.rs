//! Keys: ours and those that Nix makes are the same thing.

use std::fs;

use picket_publisher::{KeyName, PublicKey, SecretKey};
use picket_testkit::nix::{NixConf, NixStore};

use crate::world::World;

#[test]
fn a_key_that_nix_made_is_ours() {
    let dir = tempfile::tempdir().unwrap();
    let store = NixStore::create(&dir.path().join("nix")).unwrap();
    let [secret, public] = ["secret", "public"].map(|name| dir.path().join(name));
    let arguments = [
        "--generate-binary-cache-key".as_ref(),
        "nix-1".as_ref(),
        secret.as_os_str(),
        public.as_os_str(),
    ];
    store.run("nix-store", arguments).unwrap();

    let key = SecretKey::read_file(&secret).unwrap();
    let expected = fs::read_to_string(&public).unwrap();
    assert_eq!(key.public().to_string(), expected.trim());
    assert_eq!(*key.to_text(), fs::read_to_string(&secret).unwrap().trim());
    assert_eq!(PublicKey::parse(&expected).unwrap(), key.public());
}

/// Nix signs with our key file, and its narinfo then carries the signature that ours does.
#[test]
fn a_key_of_ours_is_nixs() {
    let world = World::new();
    let file = world.dir.path().join("key");
    let key = SecretKey::generate(KeyName::parse("picket-1").unwrap()).unwrap();
    key.write_file(&file).unwrap();
    let path = world.path("libc");
    let sign = [
        "store",
        "sign",
        "--key-file",
        file.to_str().unwrap(),
        path.as_str(),
    ];
    world.store.run("nix", sign).unwrap();

    let info = world
        .closure()
        .into_iter()
        .find(|info| info.path == *path)
        .unwrap();
    let fingerprint = format!(
        "1;{path};{};{};",
        nix_derivation::NixHash::Sha256(*info.nar_hash.as_bytes()).to_nix_nixbase32_string(),
        info.nar_size
    );
    assert_eq!(
        info.signatures,
        [key.sign(fingerprint.as_bytes()).to_string()]
    );

    let public = key.public().to_string();
    let conf = NixConf::substituting(&[], &[public.as_str()]);
    world.store.configure(&conf).unwrap();
    world
        .store
        .run("nix", ["store", "verify", path.as_str()])
        .unwrap();
}
