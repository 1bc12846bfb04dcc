//! Two banks' gateways, each an instance of its own, joined as they are in the field: TLS, client
//! certificates of each party's own transport CA, weak roles.

use super::*;
use crate::testing::*;

mod boundary;
mod crash;
mod faults;
mod flow;
mod heal;
mod pair;

#[test]
fn a_link_has_two_ends() {
    assert!(Ends::new(halden(), halden()).is_err());
    let ends = ends();
    assert_eq!(ends.reversed().reversed(), ends);
    assert_eq!(ends.peer_role(), "peer_brisdemm");
    assert_eq!(ends.own_role_there(), ends.reversed().peer_role());
}
