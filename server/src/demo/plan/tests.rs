use super::*;
use std::collections::HashSet;

#[test]
fn every_part_has_a_place_of_its_own() {
    let plan = Plan::new("/demo".into(), "/site".into(), 7000).unwrap();
    let ports = plan.wanted_ports();
    let distinct: HashSet<u16> = ports.iter().map(|(port, _)| *port).collect();
    assert_eq!(distinct.len(), ports.len());
    assert_eq!(plan.nodes().len(), 11);
    let names: HashSet<String> = plan.nodes().iter().map(NodePlan::instance).collect();
    assert_eq!(names.len(), 11);
    assert_eq!(plan.roles().len(), 13);
    let text =
        toml::to_string(&plan.bank_configuration(&plan.banks[0], |_| None).unwrap()).unwrap();
    let read: BankConfiguration = toml::from_str(&text).unwrap();
    assert_eq!(read.gateways.len(), 2);
}
