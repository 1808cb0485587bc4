//! A person of the team, at work in the web UI over HTTP.

use anyhow::{Context, bail};
use picket_domain::PrNumber;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use url::Url;

use crate::world::CHANNEL;

/// How often somebody looks again at a page that is out of date when they decide.
const LOOKS: u32 = 5;

/// Somebody who signed in: an HTTP client with that person's session.
#[derive(Debug)]
pub struct Person {
    client: Client,
    web: Url,
    name: String,
}

impl Person {
    /// Signs in with a passphrase.
    ///
    /// # Errors
    /// Where the server does not answer or does not take the passphrase.
    pub async fn sign_in(web: &Url, name: &str, passphrase: &str) -> anyhow::Result<Self> {
        let redirects = reqwest::redirect::Policy::none();
        let client = Client::builder()
            .cookie_store(true)
            .redirect(redirects)
            .build()?;
        let person = Self {
            client,
            web: web.clone(),
            name: name.to_owned(),
        };
        let form = [("name", name), ("passphrase", passphrase)];
        let answer = person.post("login", &form).await?;
        if answer.status() != StatusCode::SEE_OTHER {
            bail!("{name} cannot sign in: {}", answer.status());
        }
        Ok(person)
    }

    /// The page on which this person decides about a pull request.
    ///
    /// # Errors
    /// Where the server does not answer with a page.
    pub async fn candidate_page(&self, pr: PrNumber) -> anyhow::Result<String> {
        let url = self
            .web
            .join(&format!("candidates/{pr}?channel={CHANNEL}"))?;
        Ok(self
            .client
            .get(url)
            .send()
            .await?
            .error_for_status()?
            .text()
            .await?)
    }

    /// Approves what the candidate's page shows, unless that is approved by them already. Where that is
    /// not what there is any more when the approval comes in, it looks again, as people do.
    ///
    /// # Errors
    /// Where the page offers no approval, or the server refuses it.
    pub async fn approve(&self, pr: PrNumber) -> anyhow::Result<()> {
        let mut looks = 0;
        loop {
            let page = self.candidate_page(pr).await?;
            let offers = |what: &str| page.contains(&format!("/candidates/{pr}/{what}\""));
            if offers("withdraw") && !offers("approve") {
                return Ok(());
            }
            let field = |name| hidden(&page, name).context("the page offers no approval");
            let (head, seen) = (field("head")?, field("seen")?);
            let fields = [("head", &*head), ("seen", &*seen)];
            let answer = self.decision(pr, "approve", &page, &fields).await?;
            looks += 1;
            match answer.status() {
                StatusCode::CONFLICT if looks < LOOKS => {}
                status => return self.taken(pr, "approve", status),
            }
        }
    }

    /// Objects to a pull request.
    ///
    /// # Errors
    /// Where the server refuses it.
    pub async fn veto(&self, pr: PrNumber, reason: &str) -> anyhow::Result<()> {
        let page = self.candidate_page(pr).await?;
        self.decide(pr, "veto", &page, &[("reason", reason)]).await
    }

    /// Takes back an approval or a veto.
    ///
    /// # Errors
    /// Where the server refuses it.
    pub async fn withdraw(&self, pr: PrNumber, reason: &str) -> anyhow::Result<()> {
        let page = self.candidate_page(pr).await?;
        self.decide(pr, "withdraw", &page, &[("reason", reason)])
            .await
    }

    /// Accepts what Picket proposes for a pull request's conflict.
    ///
    /// # Errors
    /// Where the page proposes nothing, or the server refuses it.
    pub async fn accept_proposal(&self, pr: PrNumber) -> anyhow::Result<()> {
        let page = self.candidate_page(pr).await?;
        let form = page.split_once("id=\"accept-proposal\"");
        let (_, form) = form.context("the page proposes nothing")?;
        let field = |name| hidden(form, name).context("the form lacks a field");
        let (commit, conflict) = (field("commit")?, field("conflict")?);
        let fields = [
            ("commit", &*commit),
            ("conflict", &*conflict),
            ("how", "proposal"),
        ];
        self.decide(pr, "resolve", &page, &fields).await
    }

    /// Has a pull request carried in another form, as the fields say beside those that the page's
    /// form has.
    ///
    /// # Errors
    /// Where the page offers no choice, or the server refuses it.
    pub async fn choose_form(&self, pr: PrNumber, fields: &[(&str, &str)]) -> anyhow::Result<()> {
        let page = self.form_page(pr).await?;
        let head = hidden(&page, "head").context("the page offers no choice")?;
        let fields = [&[("head", &*head)], fields].concat();
        self.decide(pr, "form", &page, &fields).await
    }

    /// The page on which this person chooses a pull request's form.
    ///
    /// # Errors
    /// Where the server does not answer with a page.
    pub async fn form_page(&self, pr: PrNumber) -> anyhow::Result<String> {
        let url = format!("candidates/{pr}/form?channel={CHANNEL}");
        let answer = self.client.get(self.web.join(&url)?).send().await?;
        Ok(answer.error_for_status()?.text().await?)
    }

    /// Asks that a pull request be watched which nothing marks as a security fix.
    ///
    /// # Errors
    /// Where the server refuses it.
    pub async fn nominate(&self, pr: PrNumber, reason: &str) -> anyhow::Result<()> {
        let url = self.web.join("nominate")?;
        let answer = self.client.get(url).send().await?.error_for_status()?;
        let csrf = hidden(&answer.text().await?, "csrf").context("the page has no form")?;
        let number = pr.to_string();
        let form = [("csrf", &*csrf), ("pr", &*number), ("reason", reason)];
        let answer = self.post("nominate", &form).await?;
        if answer.status() != StatusCode::SEE_OTHER {
            bail!("{} cannot nominate #{pr}: {}", self.name, answer.status());
        }
        Ok(())
    }

    /// Hands in a patch of the team's own.
    ///
    /// # Errors
    /// Where the server refuses it.
    pub async fn hand_in(&self, mails: &str, reason: &str) -> anyhow::Result<()> {
        let url = self.web.join("own-patches")?;
        let page = self.client.get(url).send().await?.error_for_status()?;
        let csrf = hidden(&page.text().await?, "csrf").context("the page has no form")?;
        let form = [
            ("csrf", &*csrf),
            ("channel", CHANNEL),
            ("replaces", ""),
            ("branch", ""),
            ("mails", mails),
            ("reason", reason),
        ];
        let answer = self.post("own-patches", &form).await?;
        if answer.status() != StatusCode::SEE_OTHER {
            bail!(
                "{} cannot hand in a patch: {}",
                self.name,
                answer.text().await?
            );
        }
        Ok(())
    }

    async fn decide(
        &self,
        pr: PrNumber,
        what: &str,
        page: &str,
        fields: &[(&str, &str)],
    ) -> anyhow::Result<()> {
        let answer = self.decision(pr, what, page, fields).await?;
        self.taken(pr, what, answer.status())
    }

    /// What the server answers to a decision.
    async fn decision(
        &self,
        pr: PrNumber,
        what: &str,
        page: &str,
        fields: &[(&str, &str)],
    ) -> anyhow::Result<Response> {
        let csrf = hidden(page, "csrf").context("the page has no form")?;
        let always = [("csrf", csrf.as_str()), ("channel", CHANNEL)];
        let form = [always.as_slice(), fields].concat();
        self.post(&format!("candidates/{pr}/{what}"), &form).await
    }

    fn taken(&self, pr: PrNumber, what: &str, status: StatusCode) -> anyhow::Result<()> {
        if status != StatusCode::SEE_OTHER {
            bail!("{} cannot {what} #{pr}: {status}", self.name);
        }
        Ok(())
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> anyhow::Result<Response> {
        Ok(self
            .client
            .post(self.web.join(path)?)
            .form(form)
            .send()
            .await?)
    }
}

/// The value of a form's hidden field.
fn hidden(page: &str, name: &str) -> Option<String> {
    let field = page.split_once(&format!("name=\"{name}\" value=\""))?.1;
    let (value, _) = field.split_once('"')?;
    Some(value.to_owned())
}

/// What the channel's JSON says.
///
/// # Errors
/// Where the server does not answer.
pub(super) async fn channel_json(client: &Client, web: &Url) -> anyhow::Result<Value> {
    let url = web.join(&format!("api/v1/channels/{CHANNEL}"))?;
    Ok(client
        .get(url)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?)
}
