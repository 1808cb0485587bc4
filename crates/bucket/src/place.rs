//! The mirror itself: objects in a bucket, or files in a folder.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::prefix::PrefixStore;
use object_store::{
    Attribute, Attributes, Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, PutOptions,
    UpdateVersion,
};
use picket_domain::ChannelName;
use picket_files::WorkLock;
use picket_publisher::{NEVER_UNASKED, PublicDir};

use crate::error::BucketError;
use crate::pointer::Pointer;
use crate::s3;
use crate::target::Target;

/// What a mirror's keys begin with, but for the record and the channels' pointers.
const LISTED: [&str; 4] = ["cache", "latest", "release-log", "releases"];
/// The file that a folder's run locks.
const LOCK: &str = ".picket-mirror.lock";

/// Where a mirror is.
pub(crate) struct Place {
    pub(crate) store: Arc<dyn ObjectStore>,
    kind: PlaceKind,
    /// For people.
    pub(crate) name: String,
}

enum PlaceKind {
    Bucket { has_conditions: bool },
    Folder(PathBuf),
}

/// An object as it was when it was read.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) bytes: Bytes,
    version: UpdateVersion,
}

/// What a small object is written with.
pub(crate) struct Manner {
    pub(crate) content_type: &'static str,
    pub(crate) cache_control: &'static str,
    /// Beside them.
    pub(crate) metadata: Vec<(&'static str, String)>,
}

impl Manner {
    /// Of what changes at its address.
    pub(crate) fn changing(content_type: &'static str) -> Self {
        Self {
            content_type,
            cache_control: NEVER_UNASKED,
            metadata: Vec::new(),
        }
    }
}

/// Held while a run works in a folder. A bucket knows no locks: there it is what is written that must
/// not have changed.
pub(crate) struct Held(#[expect(dead_code, reason = "it is held")] Option<WorkLock>);

impl Place {
    pub(crate) fn open(target: &Target) -> Result<Self, BucketError> {
        let name = target.to_string();
        match target {
            Target::Bucket(bucket) => {
                let store = s3::open(bucket, &name)?;
                let kind = PlaceKind::Bucket {
                    has_conditions: bucket.conditional_writes,
                };
                let store: Arc<dyn ObjectStore> = if bucket.prefix.is_empty() {
                    Arc::new(store)
                } else {
                    Arc::new(PrefixStore::new(store, bucket.prefix.as_str()))
                };
                Ok(Self { store, kind, name })
            }
            Target::Folder(path) => {
                let error = |error| BucketError::Io {
                    path: path.clone(),
                    error,
                };
                fs::create_dir_all(path).map_err(error)?;
                let path = path.canonicalize().map_err(error)?;
                let store = LocalFileSystem::new_with_prefix(&path);
                let store =
                    store.map_err(|it| BucketError::of(&name, "be opened".to_owned(), &it))?;
                Ok(Self {
                    store: Arc::new(store.with_fsync(true)),
                    kind: PlaceKind::Folder(path),
                    name,
                })
            }
        }
    }

    /// A bucket that this store is.
    pub(crate) fn of_store(store: Arc<dyn ObjectStore>, name: String) -> Self {
        let kind = PlaceKind::Bucket {
            has_conditions: true,
        };
        Self { store, kind, name }
    }

    /// A folder must not be the public folder, nor lie in it, nor hold it.
    pub(crate) fn is_apart_from(&self, public: &Path) -> Result<(), BucketError> {
        let (PlaceKind::Folder(path), Ok(public)) = (&self.kind, public.canonicalize()) else {
            return Ok(());
        };
        if path.starts_with(&public) || public.starts_with(path) {
            let place = self.name.clone();
            return Err(BucketError::InItself { place, public });
        }
        Ok(())
    }

    /// Begins a run, and removes what killed ones left half written.
    pub(crate) fn hold(&self) -> Result<Held, BucketError> {
        let PlaceKind::Folder(root) = &self.kind else {
            return Ok(Held(None));
        };
        let path = root.join(LOCK);
        let lock = WorkLock::try_file(&path).map_err(|error| BucketError::Io { path, error })?;
        let Some(lock) = lock else {
            let place = self.name.clone();
            return Err(BucketError::Busy { place });
        };
        for name in LISTED {
            remove_half_written(&root.join(name))?;
        }
        Ok(Held(Some(lock)))
    }

    /// What is there, by key, with its size in bytes.
    pub(crate) async fn list(&self) -> Result<BTreeMap<String, u64>, BucketError> {
        let mut all = BTreeMap::new();
        for name in LISTED {
            let prefix = Key::from(name);
            let mut listing = self.store.list(Some(&prefix));
            let failed = |error| self.failed("list what is there", &error);
            while let Some(object) = listing.try_next().await.map_err(failed)? {
                all.insert(object.location.to_string(), object.size);
            }
        }
        Ok(all)
    }

    /// A small object; `None` where there is none.
    pub(crate) async fn read(&self, key: &str, limit: u64) -> Result<Option<Seen>, BucketError> {
        let what = || format!("read {key}");
        let found = match self.store.get(&Key::from(key)).await {
            Ok(found) => found,
            Err(error @ StoreError::NotFound { .. }) => {
                let error = BucketError::of(&self.name, what(), &error);
                let is_absent = !matches!(error, BucketError::NoBucket { .. });
                return if is_absent { Ok(None) } else { Err(error) };
            }
            Err(error) => return Err(self.failed(&what(), &error)),
        };
        if found.meta.size > limit {
            return Err(self.damaged(key, format!("it has {} bytes", found.meta.size)));
        }
        let version = UpdateVersion {
            e_tag: found.meta.e_tag.clone(),
            version: found.meta.version.clone(),
        };
        let bytes = found.bytes().await;
        let bytes = bytes.map_err(|error| self.failed(&what(), &error))?;
        Ok(Some(Seen { bytes, version }))
    }

    /// Writes a small object, whatever is there.
    pub(crate) async fn write(
        &self,
        key: &str,
        bytes: Vec<u8>,
        manner: Manner,
    ) -> Result<(), BucketError> {
        let written = self.put(key, bytes, manner, PutMode::Overwrite).await;
        written.map(drop)
    }

    /// Writes a small object if it still is as it was seen, and returns it as it is now.
    pub(crate) async fn replace(
        &self,
        key: &str,
        bytes: Vec<u8>,
        manner: Manner,
        before: Option<&Seen>,
    ) -> Result<Seen, BucketError> {
        let mode = match (&self.kind, before) {
            (PlaceKind::Folder(_), _)
            | (
                PlaceKind::Bucket {
                    has_conditions: false,
                },
                _,
            ) => PutMode::Overwrite,
            (PlaceKind::Bucket { .. }, None) => PutMode::Create,
            (PlaceKind::Bucket { .. }, Some(seen)) => PutMode::Update(seen.version.clone()),
        };
        let content = Bytes::from(bytes.clone());
        let version = self.put(key, bytes, manner, mode).await?;
        Ok(Seen {
            bytes: content,
            version,
        })
    }

    async fn put(
        &self,
        key: &str,
        bytes: Vec<u8>,
        manner: Manner,
        mode: PutMode,
    ) -> Result<UpdateVersion, BucketError> {
        let options = PutOptions {
            mode,
            attributes: self.attributes(manner),
            ..PutOptions::default()
        };
        match self
            .store
            .put_opts(&Key::from(key), bytes.into(), options)
            .await
        {
            Ok(done) => Ok(UpdateVersion {
                e_tag: done.e_tag,
                version: done.version,
            }),
            Err(StoreError::Precondition { .. } | StoreError::AlreadyExists { .. }) => {
                Err(BucketError::Changed {
                    place: self.name.clone(),
                    key: key.to_owned(),
                })
            }
            Err(error) => {
                let what = format!("write {key}");
                Err(BucketError::of_condition(&self.name, what, &error))
            }
        }
    }

    /// A file system keeps none.
    pub(crate) fn attributes(&self, manner: Manner) -> Attributes {
        let mut attributes = Attributes::new();
        if matches!(self.kind, PlaceKind::Folder(_)) {
            return attributes;
        }
        attributes.insert(Attribute::ContentType, manner.content_type.into());
        attributes.insert(Attribute::CacheControl, manner.cache_control.into());
        for (name, value) in manner.metadata {
            attributes.insert(Attribute::Metadata(name.into()), value.into());
        }
        attributes
    }

    /// Removes an object; one that is not there is gone already.
    pub(crate) async fn remove(&self, key: &str) -> Result<(), BucketError> {
        match self.store.delete(&Key::from(key)).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed(&format!("remove {key}"), &error)),
        }
    }

    /// Where a channel's readers are led now. In a bucket it is what the object holds, to be replaced
    /// only as it was seen.
    pub(crate) async fn pointer(
        &self,
        channel: &ChannelName,
    ) -> Result<(Option<Pointer>, Option<Seen>), BucketError> {
        if let PlaceKind::Folder(root) = &self.kind {
            let head = PublicDir::new(root).current_release(channel);
            let head =
                head.map_err(|error| self.damaged(&Pointer::key(channel), error.to_string()))?;
            return Ok((head.map(|head| Pointer::of(&head)), None));
        }
        let key = Pointer::key(channel);
        let Some(seen) = self.read(&key, Pointer::SIZE_MAX).await? else {
            return Ok((None, None));
        };
        let pointer = serde_json::from_slice(&seen.bytes);
        let pointer = pointer.map_err(|error| self.damaged(&key, error.to_string()))?;
        Ok((Some(pointer), Some(seen)))
    }

    /// Leads a channel's readers on, by one write.
    pub(crate) async fn lead_to(
        &self,
        pointer: &Pointer,
        before: Option<&Seen>,
    ) -> Result<(), BucketError> {
        if let PlaceKind::Folder(root) = &self.kind {
            let public = PublicDir::new(root);
            return Ok(public.lead_to(&pointer.channel, &pointer.release)?);
        }
        let manner = Manner {
            metadata: vec![
                ("release", pointer.release.to_string()),
                ("query", pointer.query.clone()),
            ],
            ..Manner::changing("application/json")
        };
        let key = Pointer::key(&pointer.channel);
        let written = self.replace(&key, pointer.to_bytes(), manner, before);
        written.await.map(drop)
    }

    pub(crate) fn failed(&self, what: &str, error: &StoreError) -> BucketError {
        BucketError::of(&self.name, what.to_owned(), error)
    }

    pub(crate) fn damaged(&self, key: &str, reason: String) -> BucketError {
        BucketError::Damaged {
            place: self.name.clone(),
            key: key.to_owned(),
            reason,
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A file that is being written has its name with `#` and a number at the end.
fn remove_half_written(dir: &Path) -> Result<(), BucketError> {
    let io = |error| BucketError::Io {
        path: dir.to_owned(),
        error,
    };
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io(error)),
    };
    for entry in entries {
        let entry = entry.map_err(io)?;
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type().map_err(io)?.is_dir() {
            remove_half_written(&path)?;
        } else if let Some((_, number)) = name.to_str().and_then(|it| it.rsplit_once('#'))
            && !number.is_empty()
            && number.bytes().all(|it| it.is_ascii_digit())
        {
            fs::remove_file(&path).map_err(|error| BucketError::Io { path, error })?;
        }
    }
    Ok(())
}
