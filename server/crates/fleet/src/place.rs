//! A place of an object store: bytes by name, bounded in size and time both ways. One that fails is left alone for a while, so
//! that a round is held up once and not at every answer.

use super::FleetError;
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;
use object_store::{
    BackoffConfig, ClientOptions, Error, ObjectMeta, ObjectStore, ObjectStoreExt, ObjectStoreScheme, PutMode,
    PutOptions, RetryConfig, UpdateVersion,
};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use url::Url;

/// Nothing takes longer, with all tries.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 2 } else { 5 });
/// Listing may take longer: a person asked for it, and no round waits.
const PATIENCE_OF_PEOPLE: Duration = Duration::from_secs(120);
/// One that failed is left alone for so long.
const ALONE: Duration = Duration::from_secs(60);
/// So often somebody else may write first.
const TRIES: u32 = 12;
/// Of more entries, only so many are listed.
const MOST_LISTED: usize = 100_000;

/// Where bytes are kept by name.
#[derive(Debug)]
pub(super) struct Place {
    store: Box<dyn ObjectStore>,
    /// What stands before every name.
    root: Name,
    /// The folder that it is, where it is one: it cannot write on a condition, and is locked instead.
    folder: Option<PathBuf>,
    /// For people.
    shown: String,
    failed: Mutex<Option<Instant>>,
}

impl Place {
    pub(super) fn open(url: &str) -> Result<Self, FleetError> {
        if Path::new(url).is_absolute() {
            return Self::open_folder(Path::new(url));
        }
        let wrong = |why: String| FleetError::Address { url: shown(url), why };
        let parsed = Url::parse(url).map_err(|e| wrong(e.to_string()))?;
        let (scheme, root) = ObjectStoreScheme::parse(&parsed).map_err(|e| wrong(words(&e)))?;
        // What HTTP is done with, here as everywhere; an error says that it was installed before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store: Result<Box<dyn ObjectStore>, Error> = match scheme {
            ObjectStoreScheme::Local => {
                let path = parsed.to_file_path().map_err(|()| wrong("it is no path of this machine".into()))?;
                return Self::open_folder(&path);
            }
            ObjectStoreScheme::AmazonS3 => {
                let builder = AmazonS3Builder::from_env().with_url(url).with_retry(retry());
                builder.with_client_options(client("AWS_ALLOW_HTTP")).build().map(|store| Box::new(store) as _)
            }
            ObjectStoreScheme::GoogleCloudStorage => {
                let builder = GoogleCloudStorageBuilder::from_env().with_url(url).with_retry(retry());
                builder.with_client_options(client("GOOGLE_ALLOW_HTTP")).build().map(|store| Box::new(store) as _)
            }
            ObjectStoreScheme::MicrosoftAzure => {
                let builder = MicrosoftAzureBuilder::from_env().with_url(url).with_retry(retry());
                builder.with_client_options(client("AZURE_ALLOW_HTTP")).build().map(|store| Box::new(store) as _)
            }
            _ => return Err(wrong("it is of no kind that runners can share".into())),
        };
        let store = store.map_err(|e| wrong(words(&e)))?;
        Ok(Self { store, root, folder: None, shown: shown(url), failed: Mutex::default() })
    }

    fn open_folder(folder: &Path) -> Result<Self, FleetError> {
        let url = folder.display().to_string();
        let wrong = |why: String| FleetError::Address { url: url.clone(), why };
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|e| wrong(e.to_string()))?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(|e| wrong(words(&e)))?;
        let (store, folder) = (Box::new(store), Some(folder.to_owned()));
        Ok(Self { store, root: Name::default(), folder, shown: url, failed: Mutex::default() })
    }

    /// For tests: a store that can write on a condition, as those behind a network do.
    #[cfg(test)]
    pub(super) fn of(store: impl ObjectStore) -> Self {
        let root = Name::default();
        Self { store: Box::new(store), root, folder: None, shown: "memory".into(), failed: Mutex::default() }
    }

    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    fn name(&self, name: &str) -> Name {
        name.split('/').fold(self.root.clone(), |path, part| path.join(part))
    }

    /// What is kept under a name; `None` where nothing is.
    pub(super) async fn get(&self, name: &str, most: usize) -> Result<Option<Vec<u8>>, FleetError> {
        Ok(self.within(self.read(name, most)).await?.map(|(bytes, _)| bytes))
    }

    /// Keeps bytes under a name, in place of what was there.
    pub(super) async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), FleetError> {
        let path = self.name(name);
        let put = async { self.store.put(&path, bytes.into()).await.map(drop).map_err(|e| self.failure(&e)) };
        self.within(put).await
    }

    /// Changes what is kept under a name, so that nobody else does at the same time. `change` is given what is there, and gives
    /// what is to be there, if anything, and what came of it; where somebody else was quicker, it is called again.
    pub(super) async fn update<T>(
        &self,
        name: &str,
        most: usize,
        mut change: impl FnMut(Option<Vec<u8>>) -> (Option<Vec<u8>>, T),
    ) -> Result<T, FleetError> {
        let work = async {
            let _lock = match &self.folder {
                Some(folder) => {
                    Some(lock(folder, name).await.ok_or_else(|| FleetError::Contended(self.shown.clone()))?)
                }
                None => None,
            };
            for tries in 0..TRIES {
                let (bytes, version) = self.read(name, most).await?.unzip();
                let (new, came_of_it) = change(bytes);
                let Some(new) = new else { return Ok(came_of_it) };
                if self.write_if(name, new, version).await? {
                    return Ok(came_of_it);
                }
                tokio::time::sleep(pause(tries)).await;
            }
            Err(FleetError::Contended(self.shown.clone()))
        };
        self.within(work).await
    }

    /// Whether it was written: whether what is there is still that version.
    async fn write_if(&self, name: &str, bytes: Vec<u8>, is: Option<UpdateVersion>) -> Result<bool, FleetError> {
        let mode = match (is, &self.folder) {
            // Under the lock nobody else writes.
            (_, Some(_)) => PutMode::Overwrite,
            (Some(version), None) => PutMode::Update(version),
            (None, None) => PutMode::Create,
        };
        match self.store.put_opts(&self.name(name), bytes.into(), PutOptions::from(mode)).await {
            Ok(_) => Ok(true),
            Err(Error::Precondition { .. } | Error::AlreadyExists { .. } | Error::NotFound { .. }) => Ok(false),
            Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) => {
                Err(FleetError::Unconditional(self.shown.clone()))
            }
            Err(error) => Err(self.failure(&error)),
        }
    }

    /// No more is taken than `most` bytes, whatever the place says of the size.
    async fn read(&self, name: &str, most: usize) -> Result<Option<(Vec<u8>, UpdateVersion)>, FleetError> {
        let found = match self.store.get(&self.name(name)).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(self.failure(&error)),
        };
        if found.meta.size > most as u64 {
            return Err(FleetError::TooLarge { most });
        }
        let version = UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
        let (mut bytes, mut stream) = (Vec::new(), found.into_stream());
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|e| self.failure(&e))?;
            if bytes.len() + piece.len() > most {
                return Err(FleetError::TooLarge { most });
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(Some((bytes, version)))
    }

    /// What is kept in a folder of the place.
    pub(super) async fn list(&self, folder: &str) -> Result<Vec<ObjectMeta>, FleetError> {
        let path = self.name(folder);
        let all = self.store.list(Some(&path)).take(MOST_LISTED).try_collect::<Vec<_>>();
        match tokio::time::timeout(PATIENCE_OF_PEOPLE, all).await {
            Ok(listed) => listed.map_err(|e| self.failure(&e)),
            Err(_) => Err(self.slow(PATIENCE_OF_PEOPLE)),
        }
    }

    /// Drops what was listed; what is gone already is no error.
    pub(super) async fn delete(&self, entry: &ObjectMeta) -> Result<(), FleetError> {
        match tokio::time::timeout(PATIENCE, self.store.delete(&entry.location)).await {
            Ok(Ok(()) | Err(Error::NotFound { .. })) => Ok(()),
            Ok(Err(error)) => Err(self.failure(&error)),
            Err(_) => Err(self.slow(PATIENCE)),
        }
    }

    /// Waits no longer than for [`PATIENCE`], and not at all where the place failed a moment ago.
    async fn within<T>(&self, work: impl Future<Output = Result<T, FleetError>>) -> Result<T, FleetError> {
        if self.failed_at().is_some_and(|at| at.elapsed() < ALONE) {
            return Err(FleetError::LeftAlone(self.shown.clone()));
        }
        let done = match tokio::time::timeout(PATIENCE, work).await {
            Ok(done) => done,
            Err(_) => Err(self.slow(PATIENCE)),
        };
        if done.as_ref().is_err_and(FleetError::is_of_place) {
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        done
    }

    fn failed_at(&self) -> Option<Instant> {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slow(&self, waited: Duration) -> FleetError {
        FleetError::Slow { place: self.shown.clone(), seconds: waited.as_secs() }
    }

    fn failure(&self, error: &Error) -> FleetError {
        FleetError::Failed { place: self.shown.clone(), why: words(error) }
    }
}

fn client(allow_http: &str) -> ClientOptions {
    // Plain HTTP is for places on this machine and in tests, where the user says so.
    let is_allowed = std::env::var(allow_http).is_ok_and(|word| word.eq_ignore_ascii_case("true") || word == "1");
    ClientOptions::new().with_timeout(PATIENCE).with_connect_timeout(PATIENCE / 2).with_allow_http(is_allowed)
}

fn retry() -> RetryConfig {
    let backoff = BackoffConfig { init_backoff: Duration::from_millis(100), ..BackoffConfig::default() };
    RetryConfig { max_retries: 2, retry_timeout: PATIENCE / 2, backoff }
}

/// Up to some tens of milliseconds more with each try, so that those who met do not meet again.
fn pause(tries: u32) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    Duration::from_millis(RandomState::new().hash_one(tries) % (20 * u64::from(tries + 1)))
}

/// An address without what may be a password.
fn shown(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else { return url.chars().filter(|c| !c.is_control()).take(200).collect() };
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    parsed.set_query(None);
    parsed.to_string()
}

/// The innermost reason, in one line: what is around it repeats itself, and may have addresses with credentials.
fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

/// A file beside the one that is changed, locked; `None` where others hold it for too long. It opens by itself when this process
/// ends, however that does.
async fn lock(folder: &Path, name: &str) -> Option<File> {
    let path = folder.join(format!("{name}.lock"));
    for tries in 0.. {
        let path = path.clone();
        let locked = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(path.parent()?).ok()?;
            let file = File::options().create(true).truncate(false).write(true).open(&path).ok()?;
            match file.try_lock() {
                Ok(()) => Some(Some(file)),
                Err(TryLockError::WouldBlock) => Some(None),
                Err(TryLockError::Error(_)) => None,
            }
        });
        match locked.await.ok()?? {
            Some(file) => return Some(file),
            None => tokio::time::sleep(pause(tries)).await,
        }
    }
    None
}
