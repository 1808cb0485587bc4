//! A store in memory that writes down each change, in order, and can break off.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
    UploadPart,
};
use picket_bucket::Mirror;
use picket_publisher::PublicDir;

use crate::world::Copied;

/// A change of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Written(String, Bytes),
    Removed(String),
}

/// What is done once, before the next change is made.
type Before = Box<dyn Fn() -> BoxFuture<'static, ()> + Send>;

#[derive(Default)]
struct Inner {
    before: Mutex<Option<Before>>,
    memory: InMemory,
    changes: Mutex<Vec<Change>>,
    requests: AtomicUsize,
    /// So many changes are still made.
    left: AtomicUsize,
}

/// The store; clones are the same one.
#[derive(Clone)]
pub(crate) struct Recorder(Arc<Inner>);

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory")
    }
}

impl Recorder {
    pub(crate) fn new() -> Self {
        let recorder = Self(Arc::default());
        recorder.breaks_off_after(usize::MAX);
        recorder
    }

    pub(crate) fn mirror(&self, public: &PublicDir) -> Mirror {
        Mirror::in_store(public.clone(), Arc::new(self.clone()), "s3://memory")
    }

    /// After so many changes each further one fails, as if the process were killed there.
    pub(crate) fn breaks_off_after(&self, changes: usize) {
        self.0.left.store(changes, Ordering::SeqCst);
    }

    /// Somebody else comes before the next change.
    pub(crate) fn before_next_change(
        &self,
        change: impl Fn() -> BoxFuture<'static, ()> + Send + 'static,
    ) {
        *self.0.before.lock().unwrap() = Some(Box::new(change));
    }

    /// What was changed since this was last asked.
    pub(crate) fn take_changes(&self) -> Vec<Change> {
        std::mem::take(&mut self.0.changes.lock().unwrap())
    }

    /// How many requests were made since this was last asked.
    pub(crate) fn take_requests(&self) -> usize {
        self.0.requests.swap(0, Ordering::SeqCst)
    }

    pub(crate) async fn content(&self) -> Copied {
        let mut content = Copied::new();
        let mut listing = self.0.memory.list(None);
        while let Some(object) = listing.next().await {
            let key = object.unwrap().location;
            let bytes = self
                .0
                .memory
                .get(&key)
                .await
                .unwrap()
                .bytes()
                .await
                .unwrap();
            content.insert(key.to_string(), bytes.to_vec());
        }
        content
    }

    pub(crate) async fn put_by_hand(&self, key: &str, content: &str) {
        let content = content.to_owned().into_bytes();
        self.0
            .memory
            .put(&Path::from(key), content.into())
            .await
            .unwrap();
    }

    pub(crate) async fn remove_by_hand(&self, key: &str) {
        self.0.memory.delete(&Path::from(key)).await.unwrap();
    }

    fn requested(&self) {
        self.0.requests.fetch_add(1, Ordering::SeqCst);
    }

    fn may_change(&self) -> Result<()> {
        self.requested();
        let take = |left: usize| left.checked_sub(1);
        let taken = self
            .0
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take);
        taken.map(drop).map_err(|_| Error::Generic {
            store: "memory",
            source: "it breaks off here".into(),
        })
    }

    fn changed(&self, change: Change) {
        self.0.changes.lock().unwrap().push(change);
    }
}

impl fmt::Display for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory")
    }
}

#[async_trait]
impl ObjectStore for Recorder {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.may_change()?;
        let before = self.0.before.lock().unwrap().take();
        if let Some(before) = before {
            before().await;
        }
        let bytes = Bytes::from(payload.clone());
        let put = self.0.memory.put_opts(location, payload, options).await?;
        self.changed(Change::Written(location.to_string(), bytes));
        Ok(put)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.requested();
        let upload = self.0.memory.put_multipart_opts(location, options).await?;
        Ok(Box::new(Upload {
            upload,
            location: location.clone(),
            recorder: self.clone(),
        }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.requested();
        self.0.memory.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let recorder = self.clone();
        let removed = locations.then(move |location| {
            let recorder = recorder.clone();
            async move {
                let location = location?;
                recorder.may_change()?;
                recorder.0.memory.delete(&location).await?;
                recorder.changed(Change::Removed(location.to_string()));
                Ok(location)
            }
        });
        removed.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.requested();
        self.0.memory.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.requested();
        self.0.memory.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.memory.copy_opts(from, to, options).await
    }
}

/// An object that comes in parts, and is there once all of them are.
#[derive(Debug)]
struct Upload {
    upload: Box<dyn MultipartUpload>,
    location: Path,
    recorder: Recorder,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, payload: PutPayload) -> UploadPart {
        self.upload.put_part(payload)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.recorder.may_change()?;
        let done = self.upload.complete().await?;
        let bytes = self
            .recorder
            .0
            .memory
            .get(&self.location)
            .await?
            .bytes()
            .await?;
        let change = Change::Written(self.location.to_string(), bytes);
        self.recorder.changed(change);
        Ok(done)
    }

    async fn abort(&mut self) -> Result<()> {
        self.upload.abort().await
    }
}
