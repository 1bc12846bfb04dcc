//! The edge: the device interface `/v1`. It sees no plaintext, holds no bank key and has no route
//! to the core; it checks shape, size and rate, stores envelopes, and opens each mailbox to the
//! device whose key it is named after.

mod documents;
mod envelopes;
mod events;
mod intake;
mod mailbox;
mod problem;

use crate::{
    boot,
    cli::{Failure, NamedRoleArguments},
    configuration::{BankConfiguration, EdgeListen},
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, Method, header},
    routing::{get, post},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use message::{Bic, api::ENVELOPE_BYTES_MAX};
use problem::Rejected;
use relay::{
    edge_store::{EdgeStore, Woken},
    primitive::AwsLcRsa,
};
use serde::{Deserialize, Serialize};
use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};
use tokio::sync::{broadcast, mpsc};
use tower_http::{
    cors::{AllowOrigin, CorsLayer},
    set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer,
};

/// Connections of one edge to the front.
const CONNECTIONS_MAX: u32 = 8;
/// Event streams held at the same time.
const STREAMS_MAX: usize = 4_096;

/// How much one address may ask of an edge: on average a second, and ten times that at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Envelopes.
    pub envelopes_per_second: u32,
    /// Mailbox challenges and openings together; an opening costs a signature check.
    pub openings_per_second: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            envelopes_per_second: 50,
            openings_per_second: 10,
        }
    }
}

/// What every handler of an edge sees.
#[derive(Clone)]
pub(crate) struct Edge(Arc<Shared>);

pub(crate) struct Shared {
    store: EdgeStore,
    intake: mpsc::Sender<intake::Arrival>,
    news: broadcast::Sender<Woken>,
    streams: Arc<tokio::sync::Semaphore>,
    envelopes_rate: DefaultKeyedRateLimiter<IpAddr>,
    openings_rate: DefaultKeyedRateLimiter<IpAddr>,
    rsa: AwsLcRsa,
    bank: Bic,
    origin: String,
    secure_cookies: bool,
}

impl std::ops::Deref for Edge {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

fn per_second(rate: u32) -> Quota {
    let rate = NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(rate).allow_burst(rate.saturating_mul(NonZeroU32::MIN.saturating_add(9)))
}

/// Builds the interface over a store. Starts the tasks that gather arrivals and spread news; they
/// end when the router is dropped.
pub fn router(store: EdgeStore, bank: Bic, listen: &EdgeListen, pages: &[String]) -> Router {
    let (intake, arrivals) = mpsc::channel(intake::WAITING_MAX);
    let (news, _) = broadcast::channel(4_096);
    tokio::spawn(intake::gather(store.clone(), arrivals));
    tokio::spawn(events::spread(store.clone(), news.clone()));
    let edge = Edge(Arc::new(Shared {
        store,
        intake,
        news,
        streams: Arc::new(tokio::sync::Semaphore::new(STREAMS_MAX)),
        envelopes_rate: RateLimiter::keyed(per_second(listen.limits.envelopes_per_second)),
        openings_rate: RateLimiter::keyed(per_second(listen.limits.openings_per_second)),
        rsa: AwsLcRsa,
        bank,
        origin: listen.origin.clone(),
        secure_cookies: listen.origin.starts_with("https:"),
    }));
    let pages: Vec<HeaderValue> = pages
        .iter()
        .filter_map(|origin| HeaderValue::from_str(origin).ok())
        .collect();
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::list(pages))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::CONTENT_TYPE])
        .expose_headers([header::RETRY_AFTER])
        .allow_credentials(true)
        .max_age(Duration::from_secs(600));
    let quick = Router::new()
        .route("/v1/health", get(documents::health))
        .route("/v1/bank", get(documents::bank))
        .route("/v1/certificates/{thumbprint}", get(documents::certificate))
        .route("/v1/envelopes", post(envelopes::store))
        .route("/v1/mailbox/challenge", post(mailbox::challenge))
        .route("/v1/mailbox/open", post(mailbox::open))
        .route("/v1/mailbox", get(mailbox::read))
        .layer(TimeoutLayer::with_status_code(
            axum::http::StatusCode::SERVICE_UNAVAILABLE,
            Duration::from_secs(10),
        ));
    Router::new()
        .route("/v1/mailbox/events", get(events::stream))
        .merge(quick)
        .fallback(|| async { Rejected::NotFound })
        .layer(DefaultBodyLimit::max(ENVELOPE_BYTES_MAX))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .layer(SetResponseHeaderLayer::overriding(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(cors)
        .with_state(edge)
}

/// Serves `/v1` until the process is asked to stop.
pub async fn run(role: &NamedRoleArguments) -> Result<(), Failure> {
    let configuration = BankConfiguration::read(&role.role.config)?;
    let listen = configuration.edge(&role.name)?.clone();
    let store = EdgeStore::connect(
        configuration.connect(&role.name, &configuration.front)?,
        CONNECTIONS_MAX,
    );
    let router = router(
        store,
        configuration.bic.clone(),
        &listen,
        std::slice::from_ref(&configuration.web.origin),
    );
    let listener = tokio::net::TcpListener::bind(&listen.listen).await?;
    tracing::info!(origin = %listen.origin, "edge is ready");
    Ok(boot::serve(listener, router, role.role.stopping()).await?)
}
