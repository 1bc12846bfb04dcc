//! The edge: the device interface `/v1`. It sees no plaintext, holds no bank key and has no route
//! to the core; it checks shape, size and rate, stores envelopes, and opens each mailbox to the
//! device whose key it is named after.

mod documents;
mod envelopes;
mod events;
mod intake;
mod limits;
mod mailbox;
mod problem;

pub use limits::Limits;

use crate::{
    boot,
    cli::{Failure, NamedRoleArguments},
    configuration::{BankConfiguration, EdgeListen},
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, Method, header},
    middleware,
    routing::{get, post},
};
use limits::{Rate, Streams};
use message::{Bic, api::ENVELOPE_BYTES_MAX};
use problem::Rejected;
use relay::{
    edge_store::{EdgeStore, Woken},
    primitive::AwsLcRsa,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::{broadcast, mpsc};
use tower_http::{
    cors::{AllowOrigin, CorsLayer},
    set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer,
};

/// Connections of one edge to the front.
const CONNECTIONS_MAX: u32 = 8;

/// What every handler of an edge sees.
#[derive(Clone)]
pub(crate) struct Edge(Arc<Shared>);

pub(crate) struct Shared {
    store: EdgeStore,
    intake: mpsc::Sender<intake::Arrival>,
    news: broadcast::Sender<Woken>,
    streams: Arc<Streams>,
    envelopes_rate: Rate,
    openings_rate: Rate,
    reads_rate: Rate,
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

/// Builds the interface over a store. Starts the tasks that gather arrivals, spread news and forget
/// quiet callers; they end when the router is dropped.
pub fn router(store: EdgeStore, bank: Bic, listen: &EdgeListen, pages: &[String]) -> Router {
    let (intake, arrivals) = mpsc::channel(intake::WAITING_MAX);
    let (news, _) = broadcast::channel(4_096);
    tokio::spawn(intake::gather(store.clone(), arrivals));
    tokio::spawn(events::spread(store.clone(), news.clone()));
    let edge = Edge(Arc::new(Shared {
        store,
        intake,
        news,
        streams: Arc::default(),
        envelopes_rate: Rate::per_second(listen.limits.envelopes_per_second),
        openings_rate: Rate::per_second(listen.limits.openings_per_second),
        reads_rate: Rate::per_second(listen.limits.reads_per_second),
        rsa: AwsLcRsa,
        bank,
        origin: listen.origin.clone(),
        secure_cookies: listen.origin.starts_with("https:"),
    }));
    tokio::spawn(limits::forget(Arc::downgrade(&edge.0)));
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
    let counted = || middleware::from_fn_with_state(edge.clone(), limits::count_read);
    let quick = Router::new()
        .route("/v1/health", get(documents::health))
        .route("/v1/bank", get(documents::bank))
        .route("/v1/certificates/{thumbprint}", get(documents::certificate))
        .route("/v1/mailbox", get(mailbox::read))
        .route_layer(counted())
        .route("/v1/envelopes", post(envelopes::store))
        .route("/v1/mailbox/challenge", post(mailbox::challenge))
        .route("/v1/mailbox/open", post(mailbox::open))
        .route("/v1/mailbox/close", post(mailbox::close))
        .layer(TimeoutLayer::with_status_code(
            axum::http::StatusCode::SERVICE_UNAVAILABLE,
            Duration::from_secs(10),
        ));
    Router::new()
        .route("/v1/mailbox/events", get(events::stream))
        .route_layer(counted())
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
