//! The device interface over HTTP, in front of a real store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use envelope::{Rsa, RsaPrivateKey, SigningKey, sign};
use message::{
    MessageId, Payload, Thumbprint,
    api::{Challenge, Mail, MailboxOpen, Problem, Stored},
};
use relay::{
    edge_store::EdgeStore,
    front::{Front, OutEnvelope},
    holder::{Group, welcome},
    link::provision,
    migrate,
    primitive::AwsLcRsa,
};
use reqwest::{Client, Response, StatusCode, header};
use server::{
    boot,
    configuration::EdgeListen,
    edge::{self, Limits},
};
use sqlx::{Connection, PgConnection};

const PAGES: &str = "http://localhost:9";

struct Served {
    origin: String,
    front: Front,
}

/// An edge on a port of its own, before a front of its own.
async fn served() -> Served {
    let superuser = node::testing::instance().await.fresh_database().await;
    migrate::front(&superuser).await.unwrap();
    let mut connection = PgConnection::connect_with(&superuser).await.unwrap();
    for (role, group) in [("edge_1", Group::Edge), ("processor_1", Group::Processor)] {
        let list = welcome(role, group).unwrap();
        provision::run(&mut connection, &list).await.unwrap();
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let store = EdgeStore::connect(superuser.clone().username("edge_1"), 4);
    let listen = EdgeListen {
        name: "edge-1".to_owned(),
        listen: String::new(),
        origin: origin.clone(),
        limits: Limits::default(),
    };
    let bank = message::Bic::parse("HALDDEFF").unwrap();
    let router = edge::router(store, bank, &listen, &[PAGES.to_owned()]);
    tokio::spawn(boot::serve(listener, router, std::future::pending()));
    let front = Front::connect(superuser.username("processor_1"), 4);
    Served { origin, front }
}

fn key() -> RsaPrivateKey {
    AwsLcRsa.generate(2048, &mut boot::rng()).unwrap()
}

impl Served {
    async fn post(&self, client: &Client, path: &str, body: &str) -> Response {
        client
            .post(format!("{}{path}", self.origin))
            .header(header::CONTENT_TYPE, "application/jose")
            .header(header::ORIGIN, PAGES)
            .body(body.to_owned())
            .send()
            .await
            .unwrap()
    }

    async fn challenge(&self, client: &Client) -> String {
        let answer = self.post(client, "/v1/mailbox/challenge", "").await;
        answer.json::<Challenge>().await.unwrap().challenge
    }

    fn opening(&self, key: &SigningKey, challenge: &str, audience: &str, life: i64) -> String {
        let now = boot::now();
        let payload = Payload {
            iss: key.thumbprint().to_string(),
            aud: audience.to_owned(),
            jti: MessageId::new(boot::random()),
            iat: now,
            exp: now + life,
            re: None,
            body: MailboxOpen {
                challenge: challenge.to_owned(),
                key: key.verifying_key().to_jwk(),
            },
        };
        sign(&AwsLcRsa, key, &payload, &mut boot::rng())
            .unwrap()
            .as_str()
            .to_owned()
    }

    async fn open(&self, client: &Client, key: &SigningKey) -> Response {
        let challenge = self.challenge(client).await;
        let jws = self.opening(key, &challenge, &self.origin, 60);
        self.post(client, "/v1/mailbox/open", &jws).await
    }

    async fn read(&self, client: &Client, device: Thumbprint) -> Response {
        let address = format!("{}/v1/mailbox?device={device}&after=0", self.origin);
        client.get(address).send().await.unwrap()
    }
}

fn browser() -> Client {
    Client::builder().cookie_store(true).build().unwrap()
}

async fn problem(answer: Response, status: StatusCode) -> Problem {
    assert_eq!(answer.status(), status);
    let kind = answer.headers()[header::CONTENT_TYPE]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(kind, "application/problem+json");
    let problem: Problem = answer.json().await.unwrap();
    assert_eq!(problem.status, status.as_u16());
    assert!(!problem.detail.is_empty() && problem.instance.len() == 14);
    problem
}

#[tokio::test]
async fn envelopes_of_a_wrong_form_are_refused_with_words() {
    let served = served().await;
    let client = browser();
    let header = |json: &str| data_encoding::BASE64URL_NOPAD.encode(json.as_bytes());
    let kid = "A".repeat(43);
    let unknown = format!(r#"{{"alg":"dir","enc":"A256GCM","kid":"{kid}"}}"#);
    let critical =
        format!(r#"{{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"{kid}","crit":["x"]}}"#);
    for body in [
        String::new(),
        "hello".to_owned(),
        "a.b.c.d.e".to_owned(),
        format!("{}.AAAA.AAAA.AAAA.AAAA", header("not json")),
        format!("{}.AAAA.AAAA.AAAA.AAAA", header(&unknown)),
        format!("{}.AAAA.AAAA.AAAA.AAAA", header(&critical)),
    ] {
        let answer = served.post(&client, "/v1/envelopes", &body).await;
        let problem = problem(answer, StatusCode::BAD_REQUEST).await;
        assert_eq!(problem.kind, "/problems/envelope-shape", "{body}");
    }
    let answer = served
        .post(&client, "/v1/envelopes", &"x".repeat(70_000))
        .await;
    problem(answer, StatusCode::PAYLOAD_TOO_LARGE).await;
    let plain = client
        .post(format!("{}/v1/envelopes", served.origin))
        .body("a.b.c.d.e");
    problem(
        plain.send().await.unwrap(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
    )
    .await;
    assert_eq!(served.front.backlog().await.unwrap().count, 0);
}

#[tokio::test]
async fn a_good_envelope_is_stored_once_however_often_it_comes() {
    let served = served().await;
    let client = browser();
    let to = key();
    let content = b"content";
    let jwe = envelope::seal_bytes(&AwsLcRsa, to.public(), content, &mut boot::rng()).unwrap();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let answer = served.post(&client, "/v1/envelopes", jwe.as_str()).await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], PAGES);
        ids.push(answer.json::<Stored>().await.unwrap().envelope);
    }
    assert!(
        ids.iter()
            .all(|id| *id == data_encoding::HEXLOWER.encode(&jwe.id()))
    );
    let claim = served.front.claim(10).await.unwrap();
    assert_eq!(claim.items().len(), 1);
    assert_eq!(claim.items()[0].body, jwe.as_str());
}

#[tokio::test]
async fn a_mailbox_opens_to_its_own_key_alone() {
    let served = served().await;
    let (ann, bo) = (SigningKey::Rsa(key()), SigningKey::Rsa(key()));
    let (ann_browser, bo_browser) = (browser(), browser());
    let answer = served.read(&ann_browser, ann.thumbprint()).await;
    problem(answer, StatusCode::UNAUTHORIZED).await;

    let opened = served.open(&ann_browser, &ann).await;
    assert_eq!(opened.status(), StatusCode::NO_CONTENT);
    let cookie = opened.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let sealed =
        envelope::seal_bytes(&AwsLcRsa, key().public(), b"for Ann", &mut boot::rng()).unwrap();
    let letter = OutEnvelope {
        id: sealed.id(),
        mailbox: ann.thumbprint(),
        body: sealed.as_str().to_owned(),
        expires_at: None,
    };
    served.front.publish(&[letter]).await.unwrap();
    let mail: Mail = served
        .read(&ann_browser, ann.thumbprint())
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(mail.messages.len(), 1);
    assert_eq!(mail.messages[0].envelope, sealed.as_str());

    // Bo's session is good for Bo's mailbox, and for no other.
    assert_eq!(
        served.open(&bo_browser, &bo).await.status(),
        StatusCode::NO_CONTENT
    );
    let answer = served.read(&bo_browser, ann.thumbprint()).await;
    problem(answer, StatusCode::FORBIDDEN).await;
    let events = format!(
        "{}/v1/mailbox/events?device={}",
        served.origin,
        ann.thumbprint()
    );
    let answer = bo_browser.get(events).send().await.unwrap();
    problem(answer, StatusCode::FORBIDDEN).await;
}

#[tokio::test]
async fn a_session_that_is_closed_opens_nothing_any_more() {
    let served = served().await;
    let (mine, theirs) = (SigningKey::Rsa(key()), SigningKey::Rsa(key()));
    let (device, other) = (mine.thumbprint(), theirs.thumbprint());
    let browser = browser();
    for key in [&mine, &theirs] {
        assert_eq!(
            served.open(&browser, key).await.status(),
            StatusCode::NO_CONTENT
        );
    }
    let answer = served.open(&browser, &mine).await;
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    assert_eq!(served.read(&browser, device).await.status(), StatusCode::OK);

    let close = format!("/v1/mailbox/close?device={device}");
    let stranger = served.post(&Client::new(), &close, "").await;
    assert_eq!(stranger.status(), StatusCode::NO_CONTENT);
    assert_eq!(served.read(&browser, device).await.status(), StatusCode::OK);

    let answer = served.post(&browser, &close, "").await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let gone = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(gone.contains("Max-Age=0") && gone.contains("Path=/v1"));
    // The browser has forgotten the cookie, and whoever has kept it opens nothing.
    let address = format!("{}/v1/mailbox?device={device}&after=0", served.origin);
    let kept = Client::new().get(address).header(header::COOKIE, cookie);
    assert_eq!(
        kept.send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    assert_ne!(served.read(&browser, device).await.status(), StatusCode::OK);
    // The other customer of this browser is not disturbed.
    assert_eq!(served.read(&browser, other).await.status(), StatusCode::OK);
    let nonsense = served
        .post(&browser, "/v1/mailbox/close?device=x", "")
        .await;
    assert_eq!(nonsense.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_opening_is_good_for_one_challenge_one_edge_and_one_minute() {
    let served = served().await;
    let client = browser();
    let key = SigningKey::Rsa(key());
    let challenge = served.challenge(&client).await;
    let good = served.opening(&key, &challenge, &served.origin, 60);
    let elsewhere = served.opening(&key, &challenge, "http://localhost:1", 60);
    let long = served.opening(&key, &challenge, &served.origin, 3_600);
    let invented = served.opening(&key, &"B".repeat(43), &served.origin, 60);
    for bad in [
        elsewhere,
        long,
        invented,
        served.opening(&key, "a\0b", &served.origin, 60),
        good.replace("eyJ", "eyK"),
        good[..good.len() - 9].to_owned(),
    ] {
        let answer = served.post(&client, "/v1/mailbox/open", &bad).await;
        problem(answer, StatusCode::FORBIDDEN).await;
    }
    let answer = served.post(&client, "/v1/mailbox/open", &good).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let again = served.post(&client, "/v1/mailbox/open", &good).await;
    problem(again, StatusCode::FORBIDDEN).await;
}

#[tokio::test]
async fn a_revoked_device_finds_its_mailbox_shut_at_once() {
    let served = served().await;
    let client = browser();
    let key = SigningKey::Rsa(key());
    assert_eq!(
        served.open(&client, &key).await.status(),
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        served.read(&client, key.thumbprint()).await.status(),
        StatusCode::OK
    );
    served.front.revoke_device(&key.thumbprint()).await.unwrap();
    // The session is gone, and no new one opens.
    let answer = served.read(&client, key.thumbprint()).await;
    problem(answer, StatusCode::UNAUTHORIZED).await;
    problem(served.open(&client, &key).await, StatusCode::FORBIDDEN).await;
}

#[tokio::test]
async fn a_flood_from_one_address_is_told_to_wait() {
    let served = served().await;
    let client = browser();
    let mut refused = None;
    for _ in 0..2_000 {
        let answer = served.post(&client, "/v1/envelopes", "hello").await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("the limit is below 2000 requests at once");
    // Readings are counted on their own.
    let bank = format!("{}/v1/bank", served.origin);
    let read = async || client.get(&bank).send().await.unwrap().status();
    assert_ne!(read().await, StatusCode::TOO_MANY_REQUESTS);
    let mut limited = false;
    for _ in 0..8_000 {
        limited = read().await == StatusCode::TOO_MANY_REQUESTS;
        if limited {
            break;
        }
    }
    assert!(limited, "the limit is below 8000 readings at once");
    assert_eq!(refused.headers()[header::RETRY_AFTER], "1");
    problem(refused, StatusCode::TOO_MANY_REQUESTS).await;
}

#[tokio::test]
async fn a_device_listens_eight_times_and_no_more() {
    let served = served().await;
    let client = browser();
    let key = SigningKey::Rsa(key());
    served.open(&client, &key).await;
    let device = key.thumbprint();
    let events = format!("{}/v1/mailbox/events?device={device}", served.origin);
    let mut streams = Vec::new();
    for _ in 0..8 {
        let stream = client.get(&events).send().await.unwrap();
        assert_eq!(stream.status(), StatusCode::OK);
        streams.push(stream);
    }
    let refused = client.get(&events).send().await.unwrap();
    problem(refused, StatusCode::TOO_MANY_REQUESTS).await;
}
