//! Finding the server's endpoints where the hoster names none (XEP-0156).

use plausch_model::{SignInError, Timestamp};

use crate::{
    Account,
    io::{HttpFailure, HttpId, HttpResponse},
    step::Step,
};

/// A search for endpoints.
#[derive(Debug)]
pub(super) struct Finding {
    deadline: Timestamp,
}

impl Finding {
    /// When the search is given up.
    pub fn deadline(&self) -> Timestamp {
        self.deadline
    }
}

impl Account {
    /// Starts to look.
    pub(super) fn find(&mut self, step: &mut Step<'_>) {
        let domain = self.jid.domain().to_owned();
        let detail = "no endpoint is configured".to_owned();
        self.no_way(step, SignInError::NoEndpoint { domain, detail });
    }

    /// An HTTP request ended.
    pub(crate) fn http_done(&mut self, _: &mut Step<'_>, _: HttpId, _: Result<HttpResponse, HttpFailure>) {}
}
