//! A client that keeps cookies, and talks to the router without a network.

use axum::Router;
use axum::body::{Body, Bytes};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

pub(crate) struct Client {
    router: Router,
    pub(crate) cookie: Option<String>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// The body as it is, where it is no text.
    pub(crate) bytes: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl Client {
    pub(crate) fn new(router: &Router) -> Self {
        Self {
            router: router.clone(),
            cookie: None,
        }
    }

    /// A client that signed in.
    pub(crate) async fn signed_in(router: &Router, name: &str) -> Self {
        let mut client = Self::new(router);
        let answer = client.log_in(name, &super::passphrase(name)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        client
    }

    pub(crate) async fn log_in(&mut self, name: &str, passphrase: &str) -> Answer {
        let answer = self
            .post("/login", &[("name", name), ("passphrase", passphrase)])
            .await;
        let cookie = answer
            .header("set-cookie")
            .split(';')
            .next()
            .unwrap_or_default();
        self.cookie = (!cookie.is_empty()).then(|| cookie.to_owned());
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], String::new()).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, String::new()).await
    }

    pub(crate) async fn head(&self, path: &str) -> Answer {
        self.send("HEAD", path, &[], String::new()).await
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.post_with(path, &[], form).await
    }

    pub(crate) async fn post_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        form: &[(&str, &str)],
    ) -> Answer {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/x-www-form-urlencoded"));
        self.send("POST", path, &headers, form).await
    }

    /// The token that the forms of a page carry.
    pub(crate) async fn csrf(&self) -> String {
        let page = self.get("/nominate").await.body;
        let at = page
            .find("name=\"csrf\" value=\"")
            .expect("a signed-in page has forms");
        page[at..].split('"').nth(3).unwrap().to_owned()
    }

    /// The hidden fields of a page's form, without its token.
    pub(crate) async fn hidden(&self, page: &str, action: &str) -> Vec<(String, String)> {
        let page = self.get(page).await.body;
        let form = page.split("<form").find(|form| {
            form.split('>')
                .next()
                .is_some_and(|tag| tag.contains(&format!("action=\"{action}\"")))
        });
        let form = form.unwrap_or_else(|| panic!("no form for {action} in {page}"));
        let form = form.split("</form>").next().unwrap();
        let inputs = form.split("<input type=\"hidden\" name=\"").skip(1);
        let fields = inputs.map(|input| {
            let mut parts = input.split('"');
            let name = parts.next().unwrap().to_owned();
            (name, parts.nth(1).unwrap().to_owned())
        });
        fields.filter(|(name, _)| name != "csrf").collect()
    }

    /// Sends a page's form with what it carries and these fields.
    pub(crate) async fn send_form(
        &self,
        page: &str,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let hidden = self.hidden(page, action).await;
        let hidden = hidden.iter().map(|(name, value)| (&**name, &**value));
        let form: Vec<_> = hidden.chain(fields.iter().copied()).collect();
        self.submit(action, &form).await
    }

    /// Sends a form as its page would.
    pub(crate) async fn submit(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf().await;
        let mut form = form.to_vec();
        form.push(("csrf", &csrf));
        self.post(path, &form).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let request = request.body(Body::from(body)).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
            bytes: body,
        }
    }
}
