//! Packing: from files to a compressed NAR in the binary cache, in one pass and in bounded memory.

use std::fs::File;
use std::io::{BufWriter, Write};

use picket_domain::{PathInfo, Sha256};
use picket_files::temporary_file;
use tempfile::NamedTempFile;

use crate::digest::{CHUNK, Hashing};
use crate::error::{AtPath, PublishError};
use crate::nar;
use crate::narinfo::NarFile;
use crate::publisher::Publisher;

/// Where a NAR's bytes go: hashed, compressed, and hashed again on their way to the disk.
pub(crate) type NarWriter<'a> = Hashing<zstd::Encoder<'static, Hashing<BufWriter<&'a mut File>>>>;

/// A NAR that is written, and has no name yet.
pub(crate) struct Packed {
    file: NamedTempFile,
    nar: NarFile,
    pub(crate) nar_hash: Sha256,
    pub(crate) nar_size: u64,
}

impl Publisher {
    /// Writes the compressed NAR of a path, unless its content is not what the store recorded.
    pub(crate) fn pack(&self, info: &PathInfo) -> Result<NarFile, PublishError> {
        let files = self.settings.store_root.physical(&info.path);
        let packed = self.pack_nar(|out| nar::dump(&files, out).at(&files))?;
        if packed.nar_hash != info.nar_hash {
            return Err(PublishError::Corrupt {
                path: info.path.clone(),
                recorded: info.nar_hash,
                found: packed.nar_hash,
            });
        }
        self.keep_nar(packed)
    }

    /// Compresses the NAR that `dump` writes, into a file that is gone if nobody keeps it.
    pub(crate) fn pack_nar(
        &self,
        dump: impl FnOnce(&mut NarWriter<'_>) -> Result<(), PublishError>,
    ) -> Result<Packed, PublishError> {
        let dir = self.dir.cache_dir().join("nar");
        let mut file = temporary_file(&dir).at(&dir)?;
        let buffered = BufWriter::with_capacity(CHUNK, file.as_file_mut());
        let encoder = zstd::Encoder::new(Hashing::new(buffered), self.settings.nar_level);
        let mut hashing = Hashing::new(encoder.at(&dir)?);
        dump(&mut hashing)?;
        let (encoder, nar_hash, nar_size) = hashing.finish();
        let (mut buffered, hash, size) = encoder.finish().at(&dir)?.finish();
        buffered.flush().at(&dir)?;
        drop(buffered);
        Ok(Packed {
            file,
            nar: NarFile { hash, size },
            nar_hash,
            nar_size,
        })
    }

    /// Puts a NAR at the place that its bytes name.
    pub(crate) fn keep_nar(&self, packed: Packed) -> Result<NarFile, PublishError> {
        let path = self.dir.cache_file(&packed.nar.file());
        packed.file.as_file().sync_all().at(&path)?;
        let persisted = packed.file.persist(&path);
        persisted.map_err(|error| error.error).at(&path)?;
        Ok(packed.nar)
    }
}
