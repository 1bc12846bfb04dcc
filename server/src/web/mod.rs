//! The role `web`: pages and program code of one bank, from its one permanent origin. It serves
//! public data only and has no connection to any node.

mod policy;

use crate::{
    boot, ceremony,
    cli::{Failure, RoleArguments},
    configuration::{self, BankConfiguration},
};
use app::{App, PageConfig, shell};
use axum::{
    Router,
    http::{HeaderValue, header},
};
use leptos::{config::LeptosOptions, prelude::*};
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};
use tower_http::services::ServeDir;

/// Serves pages until the process is asked to stop.
pub async fn run(role: &RoleArguments) -> Result<(), Failure> {
    let configuration = BankConfiguration::read(&role.config)?;
    let listener = tokio::net::TcpListener::bind(&configuration.web.listen).await?;
    let router = router(&configuration)?;
    tracing::info!(origin = %configuration.web.origin, "web is ready");
    Ok(boot::serve(listener, router, role.stopping()).await?)
}

/// Pages and files of a bank.
pub fn router(configuration: &BankConfiguration) -> Result<Router, Failure> {
    let site = configuration.path(&configuration.site);
    let page = page_config(configuration, &site)?;
    let policy = policy::Policy::new(&page.edges);
    let options = LeptosOptions::builder()
        .output_name("app")
        .site_root(site.display().to_string())
        .build();
    let routes = generate_route_list(App);
    let page_policy = policy.clone();
    let context = move || {
        provide_context(page.clone());
        if let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>())
            && let Ok(value) = HeaderValue::from_str(&page_policy.header(&nonce.to_string()))
        {
            response.insert_header(header::CONTENT_SECURITY_POLICY, value);
        }
    };
    let shell_options = options.clone();
    let pages = Router::new()
        .leptos_routes_with_context(&options, routes, context.clone(), move || {
            shell(shell_options.clone())
        })
        .with_state(options.clone());
    let not_found = {
        let options = options.clone();
        Router::new().fallback(leptos_axum::render_app_to_stream_with_context(
            context,
            move || shell(options.clone()),
        ))
    };
    let files = ServeDir::new(&site)
        .precompressed_br()
        .append_index_html_on_directories(false)
        .fallback(not_found);
    Ok(policy::harden(pages.fallback_service(files), &policy))
}

/// What the pages may know of the bank before anything is opened: all of it public.
fn page_config(configuration: &BankConfiguration, site: &Path) -> Result<PageConfig, Failure> {
    let licence = ceremony::read_certificate(&configuration.path(&configuration.licence))?;
    let until = time::OffsetDateTime::from_unix_timestamp(licence.not_after())?;
    let words = time::macros::format_description!("[day padding:none] [month repr:long] [year]");
    Ok(PageConfig {
        bank_name: configuration.name.clone(),
        bic: configuration.bic.to_string(),
        edges: configuration
            .edges
            .iter()
            .map(|edge| edge.origin.clone())
            .collect(),
        licence_until: until.format(words)?,
        integrity: integrity(&configuration::read(&site.join("manifest.json"))?)?,
    })
}

/// The list that the build leaves beside the files it made.
#[derive(Deserialize)]
struct Manifest {
    files: BTreeMap<String, ManifestFile>,
}

#[derive(Deserialize)]
struct ManifestFile {
    integrity: String,
}

/// Path of each file -> its digest, as browsers check it.
fn integrity(manifest: &str) -> Result<BTreeMap<String, String>, Failure> {
    let manifest: Manifest = serde_json::from_str(manifest).map_err(|error| {
        format!("the site's manifest.json cannot be read ({error}). Build again: cargo xtask build")
    })?;
    Ok(manifest
        .files
        .into_iter()
        .map(|(path, file)| (path, file.integrity))
        .collect())
}
