//! The fake's state as GitHub's JSON.

use serde_json::{Map, Value, json};

use super::labels::labels;
use super::spec::FileSpec;
use super::world::{Budget, Comment, Commit, Pull, Thread, World};

/// A point in time as GitHub writes it, in seconds.
pub(super) fn time(unix: i64) -> String {
    jiff::Timestamp::from_second(unix)
        .map_or_else(|_| "1970-01-01T00:00:00Z".to_owned(), |at| at.to_string())
}

fn time_or_null(unix: Option<i64>) -> Value {
    unix.map_or(Value::Null, |at| time(at).into())
}

/// A user as they appear in other objects; `null` where the account was deleted.
pub(super) fn user(world: &World, login: Option<&str>) -> Value {
    let Some(user) = login.and_then(|login| world.user(login)) else {
        return Value::Null;
    };
    let (url, login, id) = (&world.url, &user.login, user.id);
    let api = format!("{url}/users/{login}");
    json!({
        "login": login,
        "id": id,
        "node_id": format!("U_{id}"),
        "avatar_url": format!("{url}/avatars/{id}"),
        "gravatar_id": "",
        "url": api,
        "html_url": format!("{url}/{login}"),
        "followers_url": format!("{api}/followers"),
        "following_url": format!("{api}/following{{/other_user}}"),
        "gists_url": format!("{api}/gists{{/gist_id}}"),
        "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{api}/subscriptions"),
        "organizations_url": format!("{api}/orgs"),
        "repos_url": format!("{api}/repos"),
        "events_url": format!("{api}/events{{/privacy}}"),
        "received_events_url": format!("{api}/received_events"),
        "type": if login.ends_with("[bot]") { "Bot" } else { "User" },
        "site_admin": false,
    })
}

/// A user as `GET /user` shows them.
pub(super) fn signed_in_user(world: &World, login: &str) -> Value {
    let mut profile = user(world, Some(login));
    merge(
        &mut profile,
        json!({
            "name": login, "company": null, "blog": "", "location": null, "email": null,
            "hireable": null, "bio": null, "public_repos": 0, "public_gists": 0,
            "followers": 0, "following": 0,
            "created_at": time(0), "updated_at": time(0),
        }),
    );
    profile
}

/// The repository as it appears in pull requests.
pub(super) fn repository(world: &World) -> Value {
    let (api, html) = (world.api(), world.html());
    let changes = world.threads.values().map(|thread| thread.updated_at);
    let last = time(changes.max().unwrap_or(0));
    let mut value = json!({
        "id": 4_542_716,
        "node_id": "R_4542716",
        "name": world.repo,
        "full_name": format!("{}/{}", world.owner, world.repo),
        "owner": user(world, Some(&world.owner)),
        "private": false, "fork": false, "archived": false, "disabled": false,
        "html_url": html, "url": api, "description": null, "homepage": null, "language": "Nix",
        "license": null, "mirror_url": null,
        "forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0,
        "size": 1, "default_branch": "master", "open_issues": 0, "open_issues_count": 0,
        "has_issues": true, "has_projects": false, "has_wiki": false, "has_pages": false,
        "has_downloads": false, "has_discussions": false,
        "pushed_at": last, "created_at": time(0), "updated_at": last,
        "git_url": format!("{html}.git"), "ssh_url": format!("{html}.git"),
        "clone_url": format!("{html}.git"), "svn_url": html,
    });
    merge(&mut value, repository_links(&api));
    value
}

fn repository_links(api: &str) -> Value {
    let plain = [
        "contributors",
        "deployments",
        "downloads",
        "events",
        "forks",
        "hooks",
        "languages",
        "merges",
        "stargazers",
        "subscribers",
        "subscription",
        "tags",
        "teams",
    ];
    let with_parameter = [
        ("archive", "{archive_format}{/ref}"),
        ("assignees", "{/user}"),
        ("blobs", "{/sha}"),
        ("branches", "{/branch}"),
        ("collaborators", "{/collaborator}"),
        ("comments", "{/number}"),
        ("commits", "{/sha}"),
        ("compare", "{base}...{head}"),
        ("contents", "{+path}"),
        ("git_commits", "{/sha}"),
        ("git_refs", "{/sha}"),
        ("git_tags", "{/sha}"),
        ("issue_comment", "{/number}"),
        ("issue_events", "{/number}"),
        ("issues", "{/number}"),
        ("keys", "{/key_id}"),
        ("labels", "{/name}"),
        ("milestones", "{/number}"),
        ("notifications", "{?since,all,participating}"),
        ("pulls", "{/number}"),
        ("releases", "{/id}"),
        ("statuses", "{sha}"),
        ("trees", "{/sha}"),
    ];
    let plain = plain.iter().map(|name| (*name, ""));
    let links = plain.chain(with_parameter).map(|(name, parameter)| {
        let url = format!("{api}/{name}{parameter}");
        (format!("{name}_url"), Value::from(url))
    });
    Value::Object(links.collect())
}

/// The repository as `GET /repos/{owner}/{repo}` shows it.
pub(super) fn full_repository(world: &World) -> Value {
    let mut value = repository(world);
    merge(
        &mut value,
        json!({ "subscribers_count": 0, "network_count": 0 }),
    );
    value
}

/// A row of `GET /repos/{owner}/{repo}/pulls`. A deleted author is `null` here.
pub(super) fn pull_row(world: &World, thread: &Thread, pull: &Pull) -> Value {
    let author = user(world, thread.author.as_deref());
    pull_by(world, thread, pull, &author)
}

fn pull_by(world: &World, thread: &Thread, pull: &Pull, author: &Value) -> Value {
    let (number, api, html) = (thread.number, world.api(), world.html());
    let this = format!("{api}/pulls/{number}");
    json!({
        "id": 1_000_000 + number,
        "node_id": format!("PR_{number}"),
        "number": number,
        "url": this,
        "html_url": format!("{html}/pull/{number}"),
        "diff_url": format!("{html}/pull/{number}.diff"),
        "patch_url": format!("{html}/pull/{number}.patch"),
        "issue_url": format!("{api}/issues/{number}"),
        "commits_url": format!("{this}/commits"),
        "review_comments_url": format!("{this}/comments"),
        "review_comment_url": format!("{api}/pulls/comments{{/number}}"),
        "comments_url": format!("{api}/issues/{number}/comments"),
        "statuses_url": format!("{api}/statuses/{}", pull.content.head_sha),
        "state": state(thread), "locked": thread.locked, "draft": pull.is_draft,
        "title": thread.title, "body": thread.body, "user": author,
        "labels": labels(world, thread),
        "milestone": null, "active_lock_reason": null, "assignee": null, "assignees": [],
        "requested_reviewers": [], "requested_teams": [],
        "created_at": time(thread.created_at), "updated_at": time(thread.updated_at),
        "closed_at": time_or_null(thread.closed_at),
        "merged_at": time_or_null(pull.merged_at),
        "merge_commit_sha": pull.merge_commit,
        "author_association": "CONTRIBUTOR", "auto_merge": null,
        "head": head(world, thread, pull, author),
        "base": {
            "label": format!("{}:{}", world.owner, pull.base),
            "ref": pull.base, "sha": pull.content.base_sha,
            "user": user(world, Some(&world.owner)), "repo": repository(world),
        },
        "_links": pull_links(&api, &html, number, &pull.content.head_sha),
    })
}

fn head(world: &World, thread: &Thread, pull: &Pull, author: &Value) -> Value {
    let from = thread.author.as_deref().unwrap_or("ghost");
    json!({
        "label": format!("{from}:{}", pull.head_ref),
        "ref": pull.head_ref,
        "sha": pull.content.head_sha,
        "user": author,
        "repo": if pull.fork_deleted { Value::Null } else { repository(world) },
    })
}

fn pull_links(api: &str, html: &str, number: u64, head: &str) -> Value {
    let this = format!("{api}/pulls/{number}");
    let link = |href: String| json!({ "href": href });
    json!({
        "self": link(this.clone()),
        "html": link(format!("{html}/pull/{number}")),
        "issue": link(format!("{api}/issues/{number}")),
        "comments": link(format!("{api}/issues/{number}/comments")),
        "review_comments": link(format!("{this}/comments")),
        "review_comment": link(format!("{api}/pulls/comments{{/number}}")),
        "commits": link(format!("{this}/commits")),
        "statuses": link(format!("{api}/statuses/{head}")),
    })
}

/// `GET /repos/{owner}/{repo}/pulls/{number}`. A deleted author is the user `ghost` here: GitHub's
/// description allows no `null`, other than in the list.
pub(super) fn full_pull(world: &World, thread: &Thread, pull: &Pull) -> Value {
    let author = user(world, Some(thread.author.as_deref().unwrap_or("ghost")));
    let mut value = pull_by(world, thread, pull, &author);
    let files = &pull.content.files;
    let merged = pull.merged_at.is_some();
    merge(
        &mut value,
        json!({
            "merged": merged,
            "merged_by": if merged { user(world, Some(&world.owner)) } else { Value::Null },
            "mergeable": if merged { Value::Null } else { true.into() },
            "rebaseable": if merged { Value::Null } else { true.into() },
            "mergeable_state": if merged { "unknown" } else { "clean" },
            "maintainer_can_modify": !pull.fork_deleted,
            "comments": world.comments_of(thread.number).count(),
            "review_comments": 0,
            "commits": pull.content.commits.len(),
            "additions": files.iter().map(|file| file.additions).sum::<u64>(),
            "deletions": files.iter().map(|file| file.deletions).sum::<u64>(),
            "changed_files": files.len(),
        }),
    );
    value
}

/// A row of `GET /repos/{owner}/{repo}/issues`, and the answer of `.../issues/{number}`.
pub(super) fn issue(world: &World, thread: &Thread) -> Value {
    let (number, api, html) = (thread.number, world.api(), world.html());
    let this = format!("{api}/issues/{number}");
    let kind = if thread.pull.is_some() {
        "pull"
    } else {
        "issues"
    };
    let page = format!("{html}/{kind}/{number}");
    let mut value = json!({
        "id": 2_000_000 + number,
        "node_id": format!("I_{number}"),
        "number": number,
        "url": this, "html_url": page, "repository_url": api,
        "labels_url": format!("{this}/labels{{/name}}"),
        "comments_url": format!("{this}/comments"),
        "events_url": format!("{this}/events"),
        "state": state(thread), "state_reason": null, "locked": thread.locked,
        "title": thread.title, "body": thread.body,
        "user": user(world, thread.author.as_deref()),
        "labels": labels(world, thread),
        "assignee": null, "assignees": [], "milestone": null,
        "comments": world.comments_of(number).count(),
        "author_association": "CONTRIBUTOR",
        "created_at": time(thread.created_at), "updated_at": time(thread.updated_at),
        "closed_at": time_or_null(thread.closed_at),
    });
    if let Some(pull) = &thread.pull {
        let link = json!({
            "url": format!("{api}/pulls/{number}"),
            "html_url": page,
            "diff_url": format!("{page}.diff"),
            "patch_url": format!("{page}.patch"),
            "merged_at": time_or_null(pull.merged_at),
        });
        merge(
            &mut value,
            json!({ "pull_request": link, "draft": pull.is_draft }),
        );
    }
    value
}

fn state(thread: &Thread) -> &'static str {
    if thread.open { "open" } else { "closed" }
}

/// A row of `.../pulls/{number}/commits`.
pub(super) fn commit(world: &World, commit: &Commit) -> Value {
    let (api, html, sha) = (world.api(), world.html(), &commit.sha);
    let person = json!({ "name": commit.author, "email": commit.email, "date": time(commit.at) });
    let parent = |sha: &String| {
        json!({
            "sha": sha,
            "url": format!("{api}/commits/{sha}"),
            "html_url": format!("{html}/commit/{sha}"),
        })
    };
    json!({
        "sha": sha,
        "node_id": format!("C_{sha}"),
        "url": format!("{api}/commits/{sha}"),
        "html_url": format!("{html}/commit/{sha}"),
        "comments_url": format!("{api}/commits/{sha}/comments"),
        "commit": {
            "author": person, "committer": person, "message": commit.message, "comment_count": 0,
            "url": format!("{api}/git/commits/{sha}"),
            "tree": {
                "sha": commit.tree,
                "url": format!("{api}/git/trees/{}", commit.tree),
            },
            "verification": {
                "verified": false, "reason": "unsigned",
                "signature": null, "payload": null, "verified_at": null,
            },
        },
        // Whose e-mail address no account has is `null` here, whatever the description says.
        "author": {}, "committer": {},
        "parents": commit.parents.iter().map(parent).collect::<Value>(),
    })
}

/// A row of `.../pulls/{number}/files`.
pub(super) fn file(world: &World, head: &str, file: &FileSpec) -> Value {
    let (api, html) = (world.api(), world.html());
    let path: String = url::form_urlencoded::byte_serialize(file.path.as_bytes()).collect();
    let mut value = json!({
        "sha": super::spec::made_up_sha(&format!("{head} {}", file.path)),
        "filename": file.path,
        "status": file.status.as_str(),
        "additions": file.additions,
        "deletions": file.deletions,
        "changes": file.additions + file.deletions,
        "blob_url": format!("{html}/blob/{head}/{path}"),
        "raw_url": format!("{html}/raw/{head}/{path}"),
        "contents_url": format!("{api}/contents/{path}?ref={head}"),
    });
    if let Some(previous) = file.status.previous_filename() {
        merge(&mut value, json!({ "previous_filename": previous }));
    }
    value
}

/// A comment on an issue or a pull request.
pub(super) fn comment(world: &World, comment: &Comment) -> Value {
    let (api, html) = (world.api(), world.html());
    let (id, number, at) = (comment.id, comment.number, time(comment.at));
    json!({
        "id": id,
        "node_id": format!("IC_{id}"),
        "url": format!("{api}/issues/comments/{id}"),
        "html_url": format!("{html}/issues/{number}#issuecomment-{id}"),
        "issue_url": format!("{api}/issues/{number}"),
        "body": comment.body,
        "user": user(world, Some(&comment.author)),
        "author_association": "CONTRIBUTOR",
        "created_at": at, "updated_at": time(comment.edited_at),
    })
}

/// `GET /rate_limit`.
pub(super) fn rate_limit(budget: Budget) -> Value {
    let core = json!({
        "limit": budget.limit, "remaining": budget.remaining(),
        "reset": budget.reset_at, "used": budget.used,
    });
    let search = json!({ "limit": 30, "remaining": 30, "reset": budget.reset_at, "used": 0 });
    json!({ "resources": { "core": core, "search": search }, "rate": core })
}

fn merge(value: &mut Value, more: Value) {
    if let (Value::Object(fields), Value::Object(more)) = (value, more) {
        extend(fields, more);
    }
}

fn extend(fields: &mut Map<String, Value>, more: Map<String, Value>) {
    fields.extend(more);
}
