//! Accounts at GitHub: who has a name, who had it, and what that means for what they approved.

use axum::Router;
use http::StatusCode;
use picket_domain::{Action, Identity, PrNumber, Timestamp};
use picket_testkit::github::{GitHub, OAuthApp};
use picket_web::{GitHubSignIn, GitHubSignInSettings, SignIn};
use url::{Position, Url};

use crate::common::client::{Answer, Client};
use crate::common::sample::{candidate, sha};
use crate::common::{BASE_URL, Site, login, named};

const APPROVE: &str = "/candidates/7/approve";
const PAGE: &str = "/candidates/7";

/// A server whose people sign in with a stand-in for GitHub, and a candidate, number 7.
struct Hub {
    site: Site,
    github: GitHub,
    router: Router,
}

impl Hub {
    async fn new() -> Self {
        let site = Site::new().await;
        let candidate = candidate(7, "curl: 8.13.0 -> 8.14.1", 3, Timestamp::now());
        site.store.upsert_candidate(&candidate).await.unwrap();
        let github = GitHub::start("NixOS", "nixpkgs").await.unwrap();
        for name in ["ada", "edsger", "grace", "mallory"] {
            github.add_user(name);
        }
        github.add_oauth_app(OAuthApp {
            client_id: "id".into(),
            client_secret: "secret".into(),
            callback: format!("{BASE_URL}/login/github/callback"),
        });
        let settings = GitHubSignInSettings {
            client_id: "id".into(),
            client_secret: "secret".into(),
            site: Url::parse(github.url()).unwrap(),
            api: Url::parse(github.url()).unwrap(),
        };
        let mut state = site.state();
        state.sign_in = SignIn::GitHub(GitHubSignIn::new(settings).unwrap());
        let router = picket_web::router(state);
        Self {
            site,
            github,
            router,
        }
    }

    /// Goes to GitHub and comes back as somebody who is called so there.
    async fn sign_in(&self, name: &str) -> (Client, Answer) {
        let mut client = Client::new(&self.router);
        let out = client.get("/login/github").await;
        client.cookie = Some(cookies(&out).join("; "));
        let mut url = Url::parse(out.header("location")).unwrap();
        url.query_pairs_mut().append_pair("login", name);
        let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let there = browser.build().unwrap().get(url).send().await.unwrap();
        let back = there.headers()["location"].to_str().unwrap();
        let back = Url::parse(back).unwrap();
        let answer = client.get(&back[Position::BeforePath..]).await;
        let mut session = cookies(&answer).into_iter();
        client.cookie = session.find(|pair| pair.starts_with("picket="));
        (client, answer)
    }

    /// Lets the candidate be one that somebody opened who has signed in.
    async fn opened_by(&self, name: &str) {
        let accounts = self.site.store.accounts().await.unwrap();
        let account = accounts.iter().find(|it| it.login.as_str() == name);
        let Identity::GitHub(id) = account.unwrap().binding.unwrap().identity else {
            panic!("{name} signed in with GitHub");
        };
        let mut candidate = candidate(7, "curl: 8.13.0 -> 8.14.1", 3, Timestamp::now());
        (candidate.author, candidate.author_id) = (login(name), Some(id));
        let store = &self.site.store;
        store.upsert_candidate(&candidate).await.unwrap();
    }

    /// Signs somebody in who is let in.
    async fn member(&self, name: &str) -> Client {
        let (client, answer) = self.sign_in(name).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        client
    }

    fn rename(&self, name: &str, to: &str) {
        self.github.rename_user(name, to).unwrap();
    }

    async fn set_team(&self, names: &[&str]) {
        let (store, team) = (&self.site.store, named(names));
        store.set_team(&team, Timestamp::now()).await.unwrap();
    }
}

fn cookies(answer: &Answer) -> Vec<String> {
    let cookies = answer.headers.get_all("set-cookie").into_iter();
    let pairs = cookies.map(|it| it.to_str().unwrap().split(';').next().unwrap().to_owned());
    pairs.collect()
}

async fn approve(client: &Client) {
    let answer = client.send_form(PAGE, APPROVE, &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

fn is_signed_in(page: &Answer) -> bool {
    page.body.contains("Signed in as")
}

/// The words between two places of a page.
fn words(page: &str, from: &str, to: &str) -> String {
    let begin = page
        .find(from)
        .unwrap_or_else(|| panic!("no {from}: {page}"));
    let end = begin + page[begin..].find(to).unwrap();
    let mut inside = false;
    let is_text = |c: &char| {
        let was_inside = inside;
        inside = *c == '<' || (inside && *c != '>');
        !was_inside && !inside
    };
    let text: String = page[begin..end]
        .replace('<', " <")
        .chars()
        .filter(is_text)
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Who said what, without the times.
async fn people(client: &Client) -> String {
    let page = client.get(PAGE).await.body;
    let people = words(&page, "<ul class=\"people\">", "</ul>");
    people
        .replace(sha("head 7").short(), "HEAD")
        .replace("just now ", "")
}

#[tokio::test]
async fn a_name_that_somebody_else_took_lets_nobody_in_and_the_team_is_told() {
    let hub = Hub::new().await;
    let ada = hub.member("ada").await;
    hub.rename("ada", "lovelace");
    hub.rename("mallory", "Ada");
    for _ in 0..2 {
        let (taker, answer) = hub.sign_in("ada").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(taker.cookie.is_none());
        insta::allow_duplicates! {
            insta::assert_snapshot!(words(&answer.body, "<h1>", "</div>"), @"This name is another account&#39;s here The team knows ada by another account than yours, so you are not signed in, and the team sees that you tried. A name at GitHub can pass from one person to another. Where this one has passed to you, or your account is a new one, whoever runs this server can free the name: picket accounts unbind ada");
        }
    }
    assert!(is_signed_in(&ada.get("/queue").await), "she is who she was");

    let told = "<strong>Not let in as ada</strong>";
    let grace = hub.member("grace").await;
    let page = grace.get("/queue").await.body;
    insta::assert_snapshot!(words(&page, "<div class=\"notice warn\"", "</div>"), @"Not let in as ada just now : GitHub account number 1006, which is not whom the team knows by this name. Somebody may have taken the name. If it is ada's own new account, whoever runs this server frees the name: picket accounts unbind ada");
    let nobody = Client::new(&hub.router);
    assert!(!nobody.get("/queue").await.body.contains(told));
    let log = nobody.get("/audit-log").await.body;
    assert_eq!(log.matches("refused a sign-in").count(), 1, "{log}");

    let store = &hub.site.store;
    store.unbind(&login("ada"), Timestamp::now()).await.unwrap();
    assert!(
        !is_signed_in(&ada.get("/queue").await),
        "it is not hers now"
    );
    let new = hub.member("ada").await;
    assert!(!new.get("/queue").await.body.contains(told));
    let log = nobody.get("/audit-log").await.body;
    assert!(
        log.contains("Whoever runs Picket") && log.contains("freed a name"),
        "{log}"
    );
}

#[tokio::test]
async fn what_an_account_approved_under_another_name_does_not_count() {
    let hub = Hub::new().await;
    let (ada, grace) = (hub.member("ada").await, hub.member("grace").await);
    approve(&ada).await;
    approve(&grace).await;
    assert!(grace.get(PAGE).await.body.contains("2 of 2 approvals"));
    hub.rename("ada", "lovelace");
    let (_, answer) = hub.sign_in("lovelace").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    insta::assert_snapshot!(words(&answer.body, "<h1>", "</div>"), @"You are not in this channel&#39;s team You are known as lovelace, and the team&#39;s list does not have that name. Whoever runs this server can add it to the configuration.");

    assert!(
        !is_signed_in(&ada.get("/queue").await),
        "her session was ada's"
    );
    let page = grace.get(PAGE).await.body;
    assert!(page.contains("1 of 2 approvals"), "{page}");
    insta::assert_snapshot!(people(&grace).await, @"grace Approved head HEAD ada Does not count approved head HEAD; ada goes by another name at GitHub now");
    insta::assert_snapshot!(words(&page, "<p class=\"line\">", "</p>"), @"Needs approval 1 more approval needed; does not count: approved by ada, who goes by another name at GitHub now CVE-2026-40007");

    hub.set_team(&["edsger", "grace", "lovelace"]).await;
    approve(&hub.member("lovelace").await).await;
    let page = grace.get(PAGE).await.body;
    assert!(page.contains("2 of 2 approvals"), "{page}");
}

#[tokio::test]
async fn nobody_decides_about_their_own_under_another_name() {
    let hub = Hub::new().await;
    hub.member("ada").await;
    hub.opened_by("ada").await;
    hub.rename("ada", "lovelace");
    hub.set_team(&["edsger", "grace", "lovelace"]).await;
    let author = hub.member("lovelace").await;
    let page = author.get(PAGE).await.body;
    assert!(
        page.contains("You opened this pull request") && !page.contains(APPROVE),
        "{page}"
    );
    let queue = author.get("/queue").await.body;
    assert!(!queue.contains("Needs your decision"), "{queue}");

    // What the form of somebody else's page says, with the author's own token.
    let grace = hub.member("grace").await;
    let hidden = grace.hidden(PAGE, APPROVE).await;
    let form = hidden.iter().filter(|(name, _)| name != "csrf");
    let form: Vec<_> = form.map(|(name, value)| (&**name, &**value)).collect();
    let answer = author.submit(APPROVE, &form).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    insta::assert_snapshot!(words(&answer.body, "<h1>", "</div>"), @"Refused This change is your own, and nobody approves their own. Ask somebody else of the team.");
    assert_eq!(hub.site.store.log_of_pr(PrNumber(7)).await.unwrap(), []);
}

#[tokio::test]
async fn who_took_over_an_authors_name_may_decide() {
    let hub = Hub::new().await;
    hub.member("ada").await;
    hub.opened_by("ada").await;
    hub.rename("ada", "lovelace");
    hub.rename("mallory", "ada");
    let store = &hub.site.store;
    store.unbind(&login("ada"), Timestamp::now()).await.unwrap();
    let taker = hub.member("ada").await;
    approve(&taker).await;
    let page = taker.get(PAGE).await.body;
    assert!(page.contains("1 of 2 approvals"), "{page}");
}

#[tokio::test]
async fn what_somebody_approved_who_left_does_not_count() {
    let hub = Hub::new().await;
    let (ada, grace) = (hub.member("ada").await, hub.member("grace").await);
    approve(&ada).await;
    hub.set_team(&["edsger", "grace"]).await;
    assert!(!is_signed_in(&ada.get("/queue").await), "she left");
    insta::assert_snapshot!(people(&grace).await, @"ada Does not count approved head HEAD; ada is no longer on the team");
    hub.set_team(&["ada", "edsger", "grace"]).await;
    assert!(
        grace.get(PAGE).await.body.contains("1 of 2 approvals"),
        "she is back"
    );
}

#[tokio::test]
async fn a_veto_of_somebody_who_left_holds_until_a_member_overrules_it() {
    const OVERRULE: &str = "/candidates/7/overrule";
    let hub = Hub::new().await;
    let (ada, grace) = (hub.member("ada").await, hub.member("grace").await);
    let veto = [("reason", "it breaks my server")];
    grace.send_form(PAGE, "/candidates/7/veto", &veto).await;
    let form = [
        ("channel", crate::common::CHANNEL),
        ("of", "grace"),
        ("reason", "her server is gone"),
    ];
    let early = ada.submit(OVERRULE, &form).await;
    assert_eq!(early.status, StatusCode::FORBIDDEN);
    insta::assert_snapshot!(words(&early.body, "<h1>", "</div>"), @"Refused There is no such veto, or whoever it is of is on the team: then they can withdraw it, and nobody else.");

    hub.set_team(&["ada", "edsger"]).await;
    insta::assert_snapshot!(people(&ada).await, @"grace Vetoed it breaks my server (No longer on the team by this name: a member may overrule it.) Overrule this veto Why Overrule");
    let nobody = Client::new(&hub.router);
    let form = [("reason", "her server is gone")];
    assert!(!nobody.get(PAGE).await.body.contains(OVERRULE));
    let done = ada.send_form(PAGE, OVERRULE, &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let page = ada.get(PAGE).await.body;
    assert!(
        page.contains("0 of 2 approvals") && !page.contains("Vetoed"),
        "{page}"
    );
    let log = hub.site.store.log_of_pr(PrNumber(7)).await.unwrap();
    assert!(matches!(&log[1].action, Action::Overrule { of, .. } if of.as_str() == "grace"));
}

#[tokio::test]
async fn a_passphrase_lets_nobody_in_who_is_not_on_the_team() {
    let site = Site::new().await;
    let mut client = Client::new(&picket_web::router(site.state()));
    let passphrase = crate::common::passphrase("barbara");
    let answer = client.log_in("barbara", &passphrase).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(client.cookie.is_none());
}
