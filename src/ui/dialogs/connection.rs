//! What there is to know about the connection.

use plausch_model::{Command, ConnectionDetails, ConnectionState, Hosting, SecurityLayer, TransportKind};

use super::{
    super::{
        Ui,
        details::facts,
        kit::{
            button::{self, Look},
            dialog::{Size, actions, dialog},
        },
    },
    close,
};
use crate::ui::draw::{Draw, Drawn, choose, html};
use crate::{text::format, view::Account};

/// Draws the sheet.
pub fn connection(ui: Ui, account: Account) -> Drawn {
    let body = (
        choose(move || (account.connection.get(), ui.locale()), move |(state, _)| state_line(ui, account, state)),
        choose(
            move || account.details.with(|details| details.as_ref().map(|details| rows(ui, details))),
            move |rows| match rows {
                Some(rows) => facts(rows),
                None => html::p().attr("class", "dialog-hint").child(ui.t(|t| t.not_connected())).drawn(),
            },
        ),
    );
    dialog(ui, Size::Small, ui.t(|t| t.connection()), move || close(ui), body.drawn())
}

fn state_line(ui: Ui, account: Account, state: ConnectionState) -> Drawn {
    let (name, word) = match state {
        ConnectionState::Offline => ("offline", ui.texts().state_offline()),
        ConnectionState::Connecting => ("connecting", ui.texts().state_connecting()),
        ConnectionState::Online => ("online", ui.texts().state_online()),
        ConnectionState::Disconnected { .. } => ("disconnected", ui.texts().state_disconnected()),
    };
    let retry = matches!(state, ConnectionState::Disconnected { .. }).then(|| {
        actions(button::button(Look::Primary, ui.t(|t| t.reconnect_now()), move |_| {
            ui.act(account, Command::Reconnect);
        }))
    });
    (html::p().attr("class", "connection-state").attr("data-is", name).child((html::span(), word)), retry).drawn()
}

fn rows(ui: Ui, details: &ConnectionDetails) -> Vec<(&'static str, String)> {
    let t = ui.texts();
    let transport = match details.transport {
        TransportKind::WebSocket => "WebSocket",
        TransportKind::Bosh => "BOSH",
    };
    let security = match details.security {
        SecurityLayer::Tls => t.connection_tls(),
        SecurityLayer::Loopback => t.connection_loopback(),
    };
    let login =
        if details.sasl2 { [details.mechanism.as_str(), " · SASL2"].concat() } else { details.mechanism.clone() };
    let resumption = if details.resumable { t.connection_resumable() } else { t.connection_not_resumable() };
    let hosting = ui.state.hosting.get().map(|hosting| match hosting {
        Hosting::SharedWorker => t.hosting_shared(),
        Hosting::Worker => t.hosting_worker(),
        Hosting::Page => t.hosting_page(),
    });
    let mut rows = vec![
        (t.connection_address(), details.address.to_string()),
        (t.connection_resource(), details.resource.clone()),
        (t.connection_endpoint(), details.endpoint.clone()),
        (t.connection_transport(), transport.to_owned()),
        (t.connection_security(), security.to_owned()),
        (t.connection_login(), login),
        (t.connection_resumption(), resumption.to_owned()),
        (t.connection_since(), format::moment(ui.locale(), details.since)),
    ];
    rows.extend(details.software.clone().map(|software| (t.connection_software(), software)));
    rows.extend(hosting.map(|hosting| (t.connection_hosting(), hosting.to_owned())));
    rows
}
