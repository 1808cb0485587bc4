//! The tree and its proofs, beside vectors of Certificate Transparency and a second implementation.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail as its own lines do"
)]

use picket_domain::Sha256;
use picket_releaselog::{
    Checkpoint, Kind, Node, Origin, Subtree, Tile, Tree, consistency, inclusion, is_consistent,
    leaf_hash, root_by_inclusion,
};
use proptest::prelude::*;
use tlog_tiles::{
    Error, Hash, HashReader, TileHashReader, TileReader, check_record, check_tree, prove_record,
    prove_tree, stored_hashes, tree_hash,
};

/// More than two tiles, so that there is a level above them.
const SIZE: u64 = 600;

/// The hashes of the second implementation.
#[derive(Default)]
struct Stored(Vec<Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        Ok(indexes.iter().map(|at| self.0[*at as usize]).collect())
    }
}

fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

fn both(size: u64) -> (Tree, Stored) {
    let mut other = Stored::default();
    for index in 0..size {
        let new = stored_hashes(index, &entry(index), &other).unwrap();
        other.0.extend(new);
    }
    (Tree::of_entries((0..size).map(entry)), other)
}

fn theirs(hash: Sha256) -> Hash {
    Hash(*hash.as_bytes())
}

fn hashes(tree: &Tree, parts: Vec<Subtree>) -> Vec<Sha256> {
    let hashes = parts.into_iter().map(|it| tree.subtree(it));
    hashes.collect::<Option<_>>().unwrap()
}

/// The reference tree of Certificate Transparency's own tests.
#[test]
fn the_vectors_of_certificate_transparency_hold() {
    let entries: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let tree = Tree::of_entries(entries);
    for (size, root) in (0..).zip(roots) {
        assert_eq!(tree.root(size).unwrap().to_string(), root, "{size}");
    }
    assert_eq!(tree.root(9), None);
}

#[test]
fn roots_and_proofs_are_those_of_the_second_implementation() {
    let (tree, other) = both(70);
    for new in 1..=70 {
        let root = tree.root(new).unwrap();
        assert_eq!(theirs(root), tree_hash(new, &other).unwrap());
        for index in 0..new {
            let ours = hashes(&tree, inclusion(index, new));
            let proof = prove_record(new, index, &other).unwrap();
            assert_eq!(ours.iter().copied().map(theirs).collect::<Vec<_>>(), proof);
            let leaf = leaf_hash(&entry(index));
            assert_eq!(root_by_inclusion(leaf, index, new, &ours), Some(root));
        }
        for old in 1..=new {
            let ours = hashes(&tree, consistency(old, new));
            let proof = prove_tree(new, old, &other).unwrap();
            assert_eq!(ours.iter().copied().map(theirs).collect::<Vec<_>>(), proof);
            let before = (old, tree.root(old).unwrap());
            assert!(is_consistent(before, (new, root), &ours));
        }
    }
}

struct Tiles(Tree);

impl TileReader for Tiles {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let read = |tile: &tlog_tiles::Tile| {
            let ours = Tile {
                kind: Kind::Hashes(tile.level().into()),
                index: tile.level_index(),
                width: tile.width().into(),
            };
            ours.hashes(&self.0).unwrap()
        };
        Ok(tiles.iter().map(read).collect())
    }

    fn save_tiles(&self, _tiles: &[tlog_tiles::Tile], _data: &[Vec<u8>]) {}
}

/// It checks every tile that it reads against the root.
#[test]
fn the_second_implementation_proves_out_of_our_tiles() {
    for size in [1, 255, 256, 257, 512, SIZE] {
        let tiles = Tiles(both(size).0);
        let root = theirs(tiles.0.root(size).unwrap());
        let reader = TileHashReader::new(size, root, &tiles);
        for index in [0, size / 2, size - 1] {
            let proof = prove_record(size, index, &reader).unwrap();
            let leaf = theirs(leaf_hash(&entry(index)));
            check_record(&proof, size, root, index, leaf).unwrap();
        }
        let old = size.div_ceil(3);
        let proof = prove_tree(size, old, &reader).unwrap();
        let before = theirs(tiles.0.root(old).unwrap());
        check_tree(&proof, size, root, old, before).unwrap();
    }
}

#[test]
fn every_node_comes_out_of_its_tile_and_of_the_full_one() {
    let (tree, whole) = (both(SIZE).0, both(512 + 256).0);
    for height in 0..=9 {
        for index in 0..SIZE >> height {
            let node = Node { height, index };
            let tile = Tile::with_node(node, SIZE);
            assert!(Tile::all(SIZE).contains(&tile), "{tile}");
            let content = tile.hashes(&tree).unwrap();
            assert_eq!(tile.node(node, &content), tree.node(node), "{node:?}");
            assert_eq!(tile.node(node, &content[..content.len() - 1]), None);
            if height < 8 {
                let full = tile.full().hashes(&whole).unwrap();
                assert_eq!(tile.node(node, &full), tree.node(node), "{node:?}");
            }
        }
    }
}

#[test]
fn the_second_implementation_reads_our_checkpoints() {
    let checkpoint = Checkpoint {
        origin: Origin::parse("sec.example/release-log").unwrap(),
        size: 3,
        root: Sha256::of(b"root"),
    };
    let read = tlog_tiles::Checkpoint::from_bytes(checkpoint.to_text().as_bytes()).unwrap();
    assert_eq!(read.origin(), checkpoint.origin.as_str());
    assert_eq!(read.size(), 3);
    assert_eq!(*read.hash(), theirs(checkpoint.root));
}

proptest! {
    /// Whatever is changed in a proof, it proves nothing any more.
    #[test]
    fn a_proof_of_anything_else_is_none(
        sizes in (1..SIZE, 1..SIZE),
        at in any::<prop::sample::Index>(),
        change in 0..4,
    ) {
        let (old, new) = (sizes.0.min(sizes.1), sizes.0.max(sizes.1));
        let tree = Tree::of_entries((0..new).map(entry));
        let (before, root) = (tree.root(old).unwrap(), tree.root(new).unwrap());
        let spoil = |mut proof: Vec<Sha256>| {
            match change {
                0 if !proof.is_empty() => {
                    let at = at.index(proof.len());
                    proof[at] = Sha256::of(b"other");
                }
                1 if !proof.is_empty() => drop(proof.remove(at.index(proof.len()))),
                _ => proof.insert(at.index(proof.len() + 1), Sha256::of(b"more")),
            }
            proof
        };
        let proof = hashes(&tree, consistency(old, new));
        prop_assert!(is_consistent((old, before), (new, root), &proof));
        prop_assert!(!is_consistent((old, before), (new, root), &spoil(proof.clone())));
        prop_assert!(!is_consistent((old, Sha256::of(b"x")), (new, root), &proof));
        prop_assert!(!is_consistent((old, before), (new, Sha256::of(b"x")), &proof));
        prop_assert!(old == new || !is_consistent((new, root), (old, before), &proof));
        let index = at.index(new as usize) as u64;
        let (leaf, proof) = (leaf_hash(&entry(index)), hashes(&tree, inclusion(index, new)));
        prop_assert_eq!(root_by_inclusion(leaf, index, new, &proof), Some(root));
        prop_assert_ne!(root_by_inclusion(leaf, index, new, &spoil(proof.clone())), Some(root));
        prop_assert_ne!(root_by_inclusion(leaf_hash(b"x"), index, new, &proof), Some(root));
        prop_assert_eq!(root_by_inclusion(leaf, new, new, &proof), None);
    }
}
