//! Every address of this server, in one table.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get};
use http::StatusCode;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::page_threads::{PageThreads, on_page_threads};
use crate::state::{App, AppState};
use crate::{
    api, assets, compress, conflict, decide, error, feeds, files, headers, ops, pages, prefix,
    sign_in, webhook,
};

/// No form is longer, in bytes, but for those with files in them.
const BODY_MAX: usize = 64 * 1024;

/// The forms with files in them: some of the largest that are taken, in an encoding that makes
/// three bytes of one.
const FILES_MAX: usize = 8 << 20;

/// No answer takes longer to begin.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// One address of this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// `GET` (which answers `HEAD` too) or `POST`.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// What it is for.
    pub what: &'static str,
}

/// What is `FILE` is read off the disk at once; all else is made on the threads for pages.
macro_rules! method_router {
    (FILE $handler:path, $threads:ident) => {
        bounded(axum::routing::get($handler), BODY_MAX)
    };
    (GET $handler:path, $threads:ident) => {
        apart(bounded(axum::routing::get($handler), BODY_MAX), $threads)
    };
    (POST $handler:path, $threads:ident) => {
        apart(bounded(axum::routing::post($handler), BODY_MAX), $threads)
    };
    (POST_FILES $handler:path, $threads:ident) => {
        apart(bounded(axum::routing::post($handler), FILES_MAX), $threads)
    };
    (POST_HOOK $handler:path, $threads:ident) => {
        apart(
            bounded(axum::routing::post($handler), webhook::BODY_MAX),
            $threads,
        )
    };
}

macro_rules! method_name {
    (FILE) => {
        "GET"
    };
    (POST_FILES) => {
        "POST"
    };
    (POST_HOOK) => {
        "POST"
    };
    ($method:ident) => {
        stringify!($method)
    };
}

/// Makes the table and the router of one list, so that neither can lack what the other has.
macro_rules! routes {
    ($($method:ident $path:literal $handler:path, $what:literal;)*) => {
        /// Every address of this server.
        pub const ROUTES: &[Route] = &[$(Route {
            method: method_name!($method),
            path: $path,
            what: $what,
        }),*];

        fn all(threads: &PageThreads) -> Router<App> {
            Router::new()$(.route($path, method_router!($method $handler, threads)))*
        }
    };
}

routes! {
    GET "/" pages::channel::home, "the first channel's page";
    GET "/channels/{channel}" pages::channel::channel, "what a channel fixes, and how to subscribe";
    GET "/channels/{channel}/builds/{rev}" pages::build::build, "what the build of a revision is doing";
    POST "/channels/{channel}/waivers" decide::waiver::waive, "have releases go without jobs that no machine builds, for a time";
    POST "/channels/{channel}/waivers/end" decide::waiver::end, "have releases wait for them again";
    POST "/channels/{channel}/builds/{rev}/cancel" decide::build::cancel, "stop the build of a revision, with a reason";
    POST "/channels/{channel}/builds/{rev}/retry" decide::build::retry, "have a revision built afresh";
    GET "/queue" pages::queue::queue, "the review queue";
    POST "/queue/dismiss" decide::dismissal::dismiss_many, "say that nothing is to be done about some, with a reason";
    GET "/candidates/{pr}" pages::candidate::candidate, "everything that it takes to decide on one pull request";
    GET "/candidates/{pr}/patch" pages::candidate::patch::patch, "its whole diff, as a file";
    POST "/candidates/{pr}/approve" decide::approve, "approve the head that the page showed";
    POST "/candidates/{pr}/veto" decide::veto, "object, with a reason";
    POST "/candidates/{pr}/dismiss" decide::dismissal::dismiss, "say that nothing is to be done about a head, with a reason";
    POST "/candidates/{pr}/reopen" decide::dismissal::reopen, "have what was dismissed looked at again";
    POST "/candidates/{pr}/withdraw" decide::withdraw, "take back an approval or a veto";
    POST "/candidates/{pr}/overrule" decide::overrule, "put an end to the veto of somebody who left the team";
    POST_FILES "/candidates/{pr}/resolve" conflict::resolve, "say what is to become of the files that conflict";
    POST "/candidates/{pr}/resolve-branch" conflict::resolve_by_branch, "the same, by a commit that was pushed";
    POST "/candidates/{pr}/drop-resolutions" conflict::drop_resolutions, "put an end to what was said of conflicts";
    GET "/candidates/{pr}/form" pages::form::form, "ways to carry a fix: as it is, as a graft, as a mitigation";
    POST "/candidates/{pr}/form" decide::form::choose, "say in which form the channel carries a head";
    GET "/search" pages::search::search, "is it fixed: a package, a vulnerability or a pull request";
    GET "/nominate" pages::nominate::form, "ask that a pull request be watched";
    POST "/nominate" pages::nominate::nominate, "nominate a pull request";
    GET "/own-patches" pages::own_patch::form, "hand in a patch of the team's own";
    POST_FILES "/own-patches" pages::own_patch::hand_in, "take it, or put it in another's place";
    GET "/audit-log" pages::audit_log::audit_log, "who did what when";
    GET "/logs/{rev}/{drv}" pages::log::log, "a build's log, as plain text";
    GET "/logs/{rev}/{drv}/stream" pages::log::follow, "the lines of a build's log as they come, as server-sent events";
    GET "/login" sign_in::login_page, "sign in";
    POST "/login" sign_in::log_in, "sign in to a demonstration";
    GET "/login/github" sign_in::to_github, "off to GitHub";
    GET "/login/github/callback" sign_in::callback, "back from GitHub";
    POST "/logout" sign_in::log_out, "end the session";
    POST_HOOK "/webhooks/github" webhook::deliver, "GitHub tells that something changed";
    FILE "/static/{name}" assets::asset, "style sheet, script and icon";
    GET "/api/v1/channels" api::channels, "all channels";
    GET "/api/v1/channels/{channel}" api::channel, "a channel: its release, base, picks and history";
    GET "/api/v1/channels/{channel}/candidates" api::candidates, "a channel's candidates with their states";
    GET "/api/v1/candidates/{pr}" api::candidate, "one candidate and its state in each channel";
    GET "/api/v1/search" api::search, "what every channel knows of a package, a vulnerability or a pull request";
    GET "/api/{*nothing}" api::nothing, "that there is nothing, as JSON";
    FILE "/robots.txt" assets::robots, "what search engines are to leave out";
    FILE "/favicon.ico" assets::favicon, "redirect to the icon";
    GET "/healthz" ops::healthz, "whether the database answers, every part of the reconciler is alive, no channel is held and nothing fails for long";
    GET "/metrics" ops::metrics, "numbers for Prometheus";
    FILE "/cache/{name}" files::cache_file, "the binary cache: nix-cache-info and narinfos";
    GET "/cache/log/{drv}" pages::log::cached_log, "the binary cache: build logs, as Nix asks for them";
    FILE "/cache/nar/{name}" files::nar, "the binary cache: NARs";
    FILE "/releases/{channel}/{release}" files::release, "a release folder's page";
    FILE "/releases/{channel}/{release}/" files::release, "the same";
    FILE "/releases/{channel}/{release}/{file}" files::release_file, "a file of a release; it never changes";
    FILE "/release-log/checkpoint" files::log_checkpoint, "the release log: how many entries there are, and the root of their tree, signed";
    FILE "/release-log/tile/{*path}" files::log_tile, "the release log: hashes and entries; they never change";
    GET "/.well-known/vex-repository.json" feeds::vex_manifest, "the VEX repository of all channels: where it is";
    GET "/vex/repository.tar.gz" feeds::vex_repository, "the same: an OpenVEX document for each package that anything was decided about";
    GET "/{channel}/feed.atom" feeds::atom, "what the channel's releases fix, for feed readers";
    GET "/{channel}/openvex.json" feeds::openvex, "what the channel fixes and what it does not, as OpenVEX";
    GET "/{channel}/osv/{file}" feeds::osv, "what its releases fix, as OSV: all.jsonl, or a record by its id";
    GET "/{channel}/osv-git/{file}" feeds::osv_git, "the same by revisions alone, without packages";
    FILE "/{channel}" files::channel, "redirect to the channel's current release";
    FILE "/{channel}/" files::channel, "the same";
    FILE "/{channel}/{file}" files::channel_file, "redirect to a file of the channel's current release; latest.json, which states what that is, itself";
}

/// Takes bodies of at most so many bytes.
fn bounded(handler: MethodRouter<App>, most: usize) -> MethodRouter<App> {
    handler
        .layer::<_, Infallible>(DefaultBodyLimit::disable())
        .layer::<_, Infallible>(RequestBodyLimitLayer::new(most))
}

/// Is worked on where channel and cache do not wait for it.
fn apart(handler: MethodRouter<App>, threads: &PageThreads) -> MethodRouter<App> {
    handler.layer::<_, Infallible>(from_fn_with_state(threads.clone(), on_page_threads))
}

/// Makes one service of the state.
///
/// # Panics
/// Where the system has no room for the threads that make pages.
pub fn router(state: AppState) -> Router {
    let app: App = Arc::new(state);
    let routed = all(&PageThreads::start())
        .fallback(error::no_such_page)
        .layer(from_fn_with_state(app.clone(), headers::same_origin))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            ANSWER_WITHIN,
        ))
        .layer(from_fn_with_state(app.clone(), headers::secure))
        .layer(TraceLayer::new_for_http())
        .with_state(app.clone());
    let whole = compress::compressed(prefix::below(&app.base_url, routed));
    ahead(app).fallback_service(whole)
}

/// What clients ask for by the thousand is answered before all that pages need: the same handlers, at
/// the same addresses.
fn ahead(app: App) -> Router {
    Router::new()
        .route("/cache/{name}", get(files::cache_file))
        .route("/cache/nar/{name}", get(files::nar))
        .with_state(app)
}
