//! Two linked gateways.

use crate::gateway::Gateway;
use crate::holder::{self, Group};
use crate::link::chain::{self, Position, Stop};
use crate::link::{Ends, LinkItem, Party, provision};
use crate::primitive::AwsLcRsa;
use crate::testing::*;
use crate::{connect, migrate};
use envelope::{
    Certificate, Issuer, LicenceTerms, Role, Rsa as _, RsaPrivateKey, Subject, Validity, issue,
    make_root, transport_anchor,
};
use node::{Instance, Tls};
use rand_core::UnwrapErr;
use sqlx::{ConnectOptions as _, PgConnection};
use std::sync::LazyLock;
use std::time::Duration;

const DATABASE: &str = "link";
const VALIDITY: Validity = Validity {
    not_before: 1_600_000_000,
    not_after: 2_300_000_000,
};

/// Root, two bank CAs, two transport CAs, and one key for all ends of connections.
static KEYS: LazyLock<Vec<RsaPrivateKey>> = LazyLock::new(|| {
    (0..6)
        .map(|_| AwsLcRsa.generate(2048, &mut rng()).unwrap())
        .collect()
});

fn rng() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

fn subject(role: Role, party: &Party, key: &RsaPrivateKey) -> Subject {
    Subject {
        role,
        party: party.clone(),
        name: format!("{role} of {party}"),
        key_spki: key.public().to_spki_der().to_vec(),
        holder: None,
        validity: VALIDITY,
        licence: None,
        tls_names: Vec::new(),
        common_name: None,
    }
}

/// A party's transport CA, and the certificate that its instances trust.
pub(super) struct Transport {
    issuer: Issuer,
    anchor: Certificate,
}

impl Transport {
    pub(super) fn of(party: &Party, place: usize) -> Self {
        let root = make_root(&AwsLcRsa, &KEYS[0], "Authority", VALIDITY, &mut rng()).unwrap();
        let root = Issuer {
            certificate: root,
            key: KEYS[0].clone(),
        };
        let bank = Subject {
            licence: Some(LicenceTerms {
                number: "L-1".to_owned(),
                iban_prefix: "DE37090502".to_owned(),
                settlement_cap_minor: 1_000_000,
                class: "bank".to_owned(),
                transport_ca: None,
            }),
            ..subject(Role::BankCa, party, &KEYS[1 + place])
        };
        let certificate = issue(&AwsLcRsa, &root, &bank, &mut rng()).unwrap();
        let bank = Issuer {
            certificate,
            key: KEYS[1 + place].clone(),
        };
        let transport = subject(Role::TransportCa, party, &KEYS[3 + place]);
        let certificate = issue(&AwsLcRsa, &bank, &transport, &mut rng()).unwrap();
        let issuer = Issuer {
            certificate,
            key: KEYS[3 + place].clone(),
        };
        let anchor = transport_anchor(&AwsLcRsa, &issuer, &mut rng()).unwrap();
        Self { issuer, anchor }
    }

    fn end(&self, subject: Subject) -> Tls {
        // A transport CA certifies its own party's guests under their own names.
        let certificate = issue(&AwsLcRsa, &self.issuer, &subject, &mut rng()).unwrap();
        let der = KEYS[5].to_pkcs8_der();
        let base64 = data_encoding::BASE64.encode(&der);
        Tls {
            ca_pem: self.anchor.to_pem().unwrap(),
            certificate_pem: certificate.to_pem().unwrap(),
            key_pem: format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n"),
        }
    }

    fn server(&self, party: &Party) -> Tls {
        let tls_names = vec!["localhost".to_owned()];
        self.end(Subject {
            tls_names,
            ..subject(Role::TransportServer, party, &KEYS[5])
        })
    }

    /// What lets this party in as this role.
    pub(super) fn client(&self, party: &Party, role: &str) -> Tls {
        let common_name = Some(role.to_owned());
        self.end(Subject {
            common_name,
            ..subject(Role::TransportClient, party, &KEYS[5])
        })
    }
}

/// One bank's end of the link.
pub(super) struct End {
    pub(super) ends: Ends,
    pub(super) instance: Instance,
    pub(super) transport: Transport,
    /// As its processor reaches it, by TLS.
    pub(super) gateway: Gateway,
    pub(super) conninfo: String,
    /// How far it has taken in what the other sends.
    pub(super) taken: Position,
}

impl End {
    async fn prepare(ends: Ends, place: usize) -> Self {
        let instance = node::testing::node(&format!("gateway-{}", ends.own().lower())).await;
        let superuser = instance.create_database(DATABASE).await.unwrap();
        migrate::gateway(&superuser, &ends).await.unwrap();
        let transport = Transport::of(ends.own(), place);
        let guests = [
            holder::peer_admission(&ends, DATABASE),
            holder::admission("processor_1", ends.own(), DATABASE),
        ];
        instance
            .admit(&transport.server(ends.own()), &guests)
            .await
            .unwrap();
        let welcome = holder::welcome("processor_1", Group::Processor).unwrap();
        let mut connection = superuser.connect().await.unwrap();
        provision::run(&mut connection, &welcome).await.unwrap();
        let tls = transport.client(ends.own(), "processor_1");
        let options = instance.connect_options("processor_1", DATABASE, &tls);
        let gateway = Gateway::new(connect(options, 4));
        let taken = Position::start(ends.peer(), ends.own(), 1);
        Self {
            ends,
            instance,
            transport,
            gateway,
            conninfo: String::new(),
            taken,
        }
    }

    pub(super) async fn superuser(&self) -> PgConnection {
        self.instance
            .superuser()
            .database(DATABASE)
            .connect()
            .await
            .unwrap()
    }

    /// Runs what there is to do, and finds nothing to do after that.
    pub(super) async fn publish(&self) {
        let mut superuser = self.superuser().await;
        let list = provision::publish(&mut superuser, &self.ends)
            .await
            .unwrap();
        provision::run(&mut superuser, &list).await.unwrap();
        assert_eq!(
            provision::publish(&mut superuser, &self.ends)
                .await
                .unwrap(),
            []
        );
    }

    pub(super) async fn subscribe(&self) {
        let mut superuser = self.superuser().await;
        let again = async |superuser: &mut PgConnection| {
            provision::subscribe(superuser, &self.ends, &self.conninfo)
                .await
                .unwrap()
        };
        let list = again(&mut superuser).await;
        assert!(!list.is_empty());
        provision::run(&mut superuser, &list).await.unwrap();
        assert_eq!(again(&mut superuser).await, []);
    }

    pub(super) async fn health(&self) -> provision::Health {
        provision::health(&mut self.superuser().await, &self.ends)
            .await
            .unwrap()
    }

    /// Takes in what waits until `count` items are committed here. Answers the bodies.
    pub(super) async fn take(&mut self, count: u64) -> Vec<Vec<u8>> {
        let mut intake = self.gateway.listen().await.unwrap();
        let mut bodies = Vec::new();
        while self.taken.seq < count {
            let Some(claim) = self.gateway.claim(100).await.unwrap() else {
                intake.wait(Duration::from_secs(30)).await.unwrap();
                continue;
            };
            let run = chain::run(&self.taken, claim.items());
            assert!(!matches!(
                run.stop,
                Some(Stop::Broken { .. } | Stop::Epoch { .. })
            ));
            bodies.extend(run.next.iter().map(|item| item.body.clone()));
            let finished = run.known.iter().chain(&run.next);
            let finished: Vec<_> = finished.map(|item| (item.epoch, item.seq)).collect();
            self.taken = run.end;
            claim.done(&finished, &[]).await.unwrap();
            if finished.is_empty() {
                intake.wait(Duration::from_secs(30)).await.unwrap();
            }
        }
        bodies
    }

    /// The items that came in, as they are stored.
    pub(super) async fn stored(&self) -> Vec<(i64, Vec<u8>)> {
        sqlx::query_as("SELECT seq, body FROM link.inbound ORDER BY seq")
            .fetch_all(&mut self.superuser().await)
            .await
            .unwrap()
    }

    pub(super) async fn reasons(&self) -> Vec<String> {
        let alarms = self.gateway.alarms(100).await.unwrap();
        alarms.into_iter().rev().map(|alarm| alarm.reason).collect()
    }
}

/// Halden and Brisa, linked both ways and in step.
pub(super) async fn pair() -> (End, End) {
    let ends = ends();
    let (mut a, mut b) = tokio::join!(
        End::prepare(ends.clone(), 0),
        End::prepare(ends.reversed(), 1)
    );
    a.conninfo = conninfo(&a, &b);
    b.conninfo = conninfo(&b, &a);
    tokio::join!(a.publish(), b.publish());
    tokio::join!(a.subscribe(), b.subscribe());
    in_step(&a, &b).await;
    (a, b)
}

/// How the PostgreSQL of `here` reaches that of `there`: with what `there` has certified.
fn conninfo(here: &End, there: &End) -> String {
    let role = here.ends.own_role_there();
    let tls = there.transport.client(here.ends.own(), &role);
    let files = here
        .instance
        .store_client(&here.ends.peer().lower(), &tls)
        .unwrap();
    files.conninfo("localhost", there.instance.port(), DATABASE, &role)
}

pub(super) async fn in_step(a: &End, b: &End) {
    for end in [a, b] {
        until("the link is in step", || async {
            let health = end.health().await;
            health.published && health.fetched && health.subscribed && health.fetching
        })
        .await;
    }
}

/// The first items that Halden sends Brisa.
pub(super) fn to_brisa(count: u64) -> Vec<LinkItem> {
    items(&halden(), &brisa(), count)
}
