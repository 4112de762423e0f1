//! The sign-in page.

use plausch_model::{EndReason, Secret, SignIn, SignInError};

use super::{
    Ui,
    kit::{
        button, dom,
        field::{Field, Kind, field},
        icon::{changing_icon, icon, icons, logo},
    },
    marks, wording,
};
use crate::reactive::*;
use crate::ui::draw::{Draw, Drawn, effect, html, live};

#[derive(Clone, Copy)]
struct Form {
    address: Field,
    password: Field,
    visible: RwSignal<bool>,
    stay: RwSignal<bool>,
}

impl Form {
    fn submit(self, ui: Ui) {
        if ui.state.sign_in.busy.get_untracked() {
            return;
        }
        let (address, password) = (self.address.trimmed(), self.password.value.get_untracked());
        if address.is_empty() {
            self.address.refuse(ui.words().address_missing());
        } else if password.is_empty() {
            self.password.refuse(ui.words().password_missing());
        } else {
            self.visible.set(false);
            ui.state.sign_in(SignIn { address, password: Secret::new(password), stay: self.stay.get_untracked() });
        }
    }
}

/// Draws the page.
pub fn sign_in(ui: Ui) -> Drawn {
    let form = Form {
        address: Field::default(),
        password: Field::default(),
        visible: RwSignal::new(false),
        stay: RwSignal::new(true),
    };
    form.address.input.on_load(move |input| {
        dom::focus(&input);
        marks::once("plausch:form");
    });
    // A refused password is typed again, not edited.
    effect(move || {
        let about_address = ui.state.sign_in.error.with(|error| {
            let error = error.as_ref()?;
            Some(matches!(
                error,
                SignInError::BadAddress | SignInError::UnknownHost { .. } | SignInError::NoEndpoint { .. }
            ))
        });
        let field = match about_address {
            Some(true) => form.address,
            Some(false) => form.password,
            None => return,
        };
        field.focus();
        if let Some(input) = field.input.get_untracked() {
            input.select();
        }
    });
    let busy = ui.state.sign_in.busy;
    html::main()
        .attr("class", "sign-in")
        .child(
            html::div().attr("class", "sign-in-card").child((
                html::div().attr("class", "sign-in-brand").child((logo(), html::span().child("Plausch"))),
                html::h1().child(ui.t(|t| t.log_in())),
                html::p().attr("class", "sign-in-welcome").child(ui.t(|t| t.welcome())),
                trouble(ui),
                html::form()
                    .attr("novalidate", true)
                    .attr("aria-busy", live(move || busy.get().then_some("true")))
                    .on(ev::submit, move |event| {
                        event.prevent_default();
                        form.submit(ui);
                    })
                    .child((
                        field(ui, form.address, ADDRESS, ui.t(|t| t.xmpp_address()), domain_hint(ui), None),
                        password(ui, form),
                        stay(ui, form.stay),
                        button::submit(
                            live(move || if busy.get() { ui.texts().logging_in() } else { ui.texts().log_in() }),
                            live(move || busy.get()),
                        ),
                    )),
            )),
        )
        .drawn()
}

const ADDRESS: Kind =
    Kind { input: None, autocomplete: Some("username"), mode: Some("email"), name: Some("username"), first: false };

/// Where the hoster names a domain, the part before the @ is enough.
fn domain_hint(ui: Ui) -> Option<Drawn> {
    let domain = ui.default_domain.get_value()?;
    Some(live(move || ui.texts().domain_hint().fill(&domain)).drawn())
}

fn password(ui: Ui, form: Form) -> Drawn {
    let kind = Kind {
        input: Some("password"),
        autocomplete: Some("current-password"),
        mode: None,
        name: Some("password"),
        first: false,
    };
    let visible = form.visible;
    effect(move || {
        let shown = visible.get();
        if let Some(input) = form.password.input.get() {
            input.set_type(if shown { "text" } else { "password" });
        }
    });
    let toggle = html::button()
        .attr("type", "button")
        .attr("class", "icon-button")
        .attr("title", live(move || toggle_name(ui, visible)))
        .on(ev::click, move |_| visible.update(|visible| *visible = !*visible))
        .child((
            changing_icon(move || if visible.get() { icons::EYE_OFF } else { icons::EYE }),
            html::span().attr("class", "unseen").child(live(move || toggle_name(ui, visible))),
        ))
        .drawn();
    field(ui, form.password, kind, ui.t(|t| t.password()), None, Some(toggle))
}

fn toggle_name(ui: Ui, visible: RwSignal<bool>) -> &'static str {
    if visible.get() { ui.texts().hide_password() } else { ui.texts().show_password() }
}

fn stay(ui: Ui, stay: RwSignal<bool>) -> Drawn {
    let id = ui.unique("stay");
    let hint = format!("{id}-hint");
    html::div()
        .attr("class", "check")
        .child((
            html::input()
                .attr("type", "checkbox")
                .attr("id", id.clone())
                .attr("aria-describedby", hint.clone())
                .prop("checked", stay.get_untracked())
                .on(ev::change, move |event| stay.set(event_target_checked(&event))),
            html::label().attr("for", id).child(ui.t(|t| t.stay_signed_in())),
            html::p().attr("id", hint).attr("class", "check-hint").child(ui.t(|t| t.stay_hint())),
        ))
        .drawn()
}

/// What went wrong, or why the last session ended.
fn trouble(ui: Ui) -> Drawn {
    let said = move || {
        let t = ui.texts();
        let state = ui.state;
        let fatal = state.fatal.get().map(|what| (t.fatal().fill(&what), None));
        let error = || state.sign_in.error.with(|error| error.as_ref().map(|error| wording::sign_in_error(t, error)));
        fatal.or_else(error)
    };
    let ended = move || {
        let t = ui.texts();
        ui.state.sign_in.ended.with(|reason| {
            let reason = reason.as_ref()?;
            Some((*reason != EndReason::SignedOut, wording::end_reason(t, reason)))
        })
    };
    (
        live(move || {
            ui.state.sign_in.lost.get().then(|| callout(ui, true, (ui.texts().storage_lost().to_owned(), None)))
        }),
        live(move || said().map(|words| callout(ui, true, words))),
        live(move || ended().map(|(problem, words)| callout(ui, problem, words))),
    )
        .drawn()
}

fn callout(ui: Ui, problem: bool, (words, details): (String, Option<String>)) -> Drawn {
    let details = details.filter(|details| !details.is_empty()).map(|details| {
        html::details()
            .attr("class", "callout-details")
            .child((html::summary().child(ui.t(|t| t.error_details())), html::p().attr("dir", "auto").child(details)))
    });
    html::div()
        .attr("class", "callout")
        .attr("data-kind", if problem { "problem" } else { "note" })
        .attr("role", if problem { "alert" } else { "status" })
        .child((
            icon(if problem { icons::CIRCLE_ALERT } else { icons::INFO }),
            html::div().child((html::p().child(words), details)),
        ))
        .drawn()
}
