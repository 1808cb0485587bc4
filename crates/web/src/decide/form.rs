//! Choosing the form in which a channel carries a head.

use axum::extract::{Path, State};
use axum::response::Response;
use picket_domain::{
    Action, CommitSha, ContentId, Form, MitigationName, PackageFolder, PrNumber, Sha256, is_open,
    may_decide,
};
use picket_merger::Contents;
use picket_proposal::check_expression;
use serde::Deserialize;

use super::{SETTLED, back_to, channel, moved, record_with};
use crate::error::PageError;
use crate::extract::Checked;
use crate::forms::SignedForm;
use crate::look::Look;
use crate::state::App;

#[derive(Deserialize)]
pub(crate) struct Choose {
    channel: String,
    /// The head that the page showed.
    head: CommitSha,
    form: Kind,
    #[serde(default)]
    text: String,
    #[serde(default)]
    folder: String,
    #[serde(default)]
    name: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    AsIs,
    Graft,
    Mitigation,
}

/// `POST /candidates/{pr}/form`
pub(crate) async fn choose(
    State(app): State<App>,
    Checked(Path(pr)): Checked<Path<PrNumber>>,
    SignedForm { person, form }: SignedForm<Choose>,
) -> Result<Response, PageError> {
    let look = Look::at(&app, channel(&app, &form.channel)?).await?;
    let candidate = look.watched(pr)?;
    may_decide(&look.facts, candidate, &person.login)
        .map_err(|_| PageError::Refused(NOT_YOUR_OWN))?;
    is_open(&look.status(candidate)).map_err(|_| PageError::Refused(SETTLED))?;
    if candidate.head != form.head {
        return moved::head(&look, candidate, &form.head, person);
    }
    let (chosen, contents) = form.chosen().map_err(PageError::BadInput)?;
    if is_taken(&look, pr, &chosen) {
        return Err(PageError::BadInput(TAKEN.to_owned()));
    }
    if chosen != *look.form(candidate) {
        let action = Action::ChooseForm {
            channel: look.channel.name().clone(),
            pr,
            head: form.head,
            form: chosen,
        };
        record_with(&app, person, action, &contents).await?;
    }
    Ok(back_to(look.channel, pr))
}

const NOT_YOUR_OWN: &str = "This change is your own, and nobody decides on their own. Ask \
    somebody else of the team.";

const TAKEN: &str = "Another mitigation of this channel has this name, and two cannot share a \
    switch. Choose another name.";

/// Whether the name is another pull request's mitigation's.
fn is_taken(look: &Look<'_>, pr: PrNumber, chosen: &Form) -> bool {
    let Form::Mitigation { name, .. } = chosen else {
        return false;
    };
    let others = look.candidates().filter(|(other, _)| other.pr != pr);
    let mut forms = others.map(|(other, _)| look.form(other));
    forms.any(|form| matches!(form, Form::Mitigation { name: other, .. } if other == name))
}

impl Choose {
    /// The form, and the text that it names; or what is wrong with it.
    fn chosen(&self) -> Result<(Form, Contents), String> {
        match self.form {
            Kind::AsIs => Ok((Form::AsIs, Contents::new())),
            Kind::Graft => {
                let folder = self.folder.trim().trim_end_matches('/');
                let folder = match folder {
                    "" => None,
                    folder => Some(PackageFolder::parse(folder).map_err(|it| it.to_string())?),
                };
                let (pairs, contents) = self.text()?;
                Ok((Form::Graft { folder, pairs }, contents))
            }
            Kind::Mitigation => {
                let name = MitigationName::parse(self.name.trim()).map_err(|it| it.to_string())?;
                let (settings, contents) = self.text()?;
                Ok((Form::Mitigation { name, settings }, contents))
            }
        }
    }

    /// Browsers send line breaks of two characters.
    fn text(&self) -> Result<(ContentId, Contents), String> {
        let text = format!("{}\n", self.text.replace("\r\n", "\n").trim());
        if text.len() > Form::TEXT_MAX {
            let most = Form::TEXT_MAX;
            return Err(format!("The text is longer than {most} bytes."));
        }
        check_expression(&text)
            .map_err(|error| format!("The text is not one expression of Nix: {error}."))?;
        let id = ContentId::from(Sha256::of(text.as_bytes()));
        Ok((id.clone(), Contents::from([(id, text.into_bytes())])))
    }
}
