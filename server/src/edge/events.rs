//! `GET /v1/mailbox/events`: tells a device that something came. It carries no content.

use super::{Edge, mailbox::session, problem::Rejected};
use axum::{
    extract::{ConnectInfo, Query, State},
    response::sse::{Event, KeepAlive, Sse},
};
use axum_extra::extract::cookie::CookieJar;
use futures::{Stream, StreamExt};
use message::{Thumbprint, api::MailEvent};
use relay::edge_store::{EdgeStore, MailKey, Woken};
use serde::Deserialize;
use std::{convert::Infallible, net::SocketAddr, time::Duration};
use tokio::sync::broadcast;
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

/// A stream ends by itself after this long; the device opens it again with a fresh session.
const STREAM_SECONDS: u64 = 10 * 60;

/// Between two tries to hear from the front.
const RETRY_AFTER: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
pub(crate) struct StreamQuery {
    device: String,
}

/// Server-sent events named `mail`. The first one comes at once, so that a device that connects
/// reads what came before it listened.
pub(crate) async fn stream(
    State(edge): State<Edge>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Query(query): Query<StreamQuery>,
    cookies: CookieJar,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Rejected> {
    let (session, device) = session(&edge, &query.device, &cookies)?;
    let place = edge.streams.take(device, from)?;
    // Subscribed before the check, so that nothing falls between the two.
    let news = BroadcastStream::new(edge.news.subscribe());
    edge.store.check_session(&session, &device).await?;
    let key = MailKey::of(&device);
    let mine = news.filter_map(move |item| {
        let _held = &place;
        let wake = match item {
            Ok(Woken::Mailbox(other)) => other == key,
            // Something may have been missed, here or on the way: the device reads again.
            Ok(Woken::All) | Err(BroadcastStreamRecvError::Lagged(_)) => true,
        };
        let event = wake.then(|| event(device));
        async move { event }
    });
    let first = futures::stream::once(async move { event(device) });
    let end = tokio::time::sleep(Duration::from_secs(STREAM_SECONDS));
    let events = first.chain(mine).map(Ok).take_until(end);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

fn event(device: Thumbprint) -> Event {
    let body = MailEvent { device };
    Event::default()
        .event("mail")
        .json_data(&body)
        .unwrap_or_else(|_| Event::default().event("mail"))
}

/// Passes the store's news to every stream of this edge; goes on when the store was away.
pub(crate) async fn spread(store: EdgeStore, news: broadcast::Sender<Woken>) {
    loop {
        match store.listen().await {
            Ok(mut wakeups) => loop {
                match wakeups.next().await {
                    // Nobody listening is no error.
                    Ok(woken) => drop(news.send(woken)),
                    Err(error) => {
                        tracing::warn!(%error, "no news from the front; trying again");
                        tokio::time::sleep(RETRY_AFTER).await;
                    }
                }
            },
            Err(error) => tracing::warn!(%error, "the front is not there; trying again"),
        }
        tokio::time::sleep(RETRY_AFTER).await;
    }
}
