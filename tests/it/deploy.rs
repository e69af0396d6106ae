//! The unit that is shipped takes from the service what it does not need, and gives it its secrets by files of root.

use std::fs;
use std::path::Path;

use wanglou::config::{Overrides, Settings};

/// Every protection that the unit must name, with its value. One that is taken out needs a reason, here and in the unit.
const PROTECTIONS: &[&str] = &[
    "AmbientCapabilities=",
    "CapabilityBoundingSet=",
    "DevicePolicy=closed",
    "DynamicUser=yes",
    "KeyringMode=private",
    "LimitCORE=0",
    "LimitNOFILE=65536",
    "LockPersonality=yes",
    "MemoryDenyWriteExecute=yes",
    "MemoryMax=4G",
    "NoNewPrivileges=yes",
    "PrivateDevices=yes",
    "PrivateMounts=yes",
    "PrivateTmp=yes",
    "PrivateUsers=yes",
    "ProcSubset=pid",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHome=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectProc=invisible",
    "ProtectSystem=strict",
    "RemoveIPC=yes",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "StateDirectoryMode=0700",
    "SystemCallArchitectures=native",
    "SystemCallErrorNumber=EPERM",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @resources",
    "TasksMax=256",
    "UMask=0077",
];

fn deployed(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)).expect("read")
}

#[test]
fn the_unit_names_each_protection_once_and_none_is_weakened_behind_it() {
    let unit = deployed("wanglou.service");
    let lines: Vec<&str> = unit.lines().map(str::trim).filter(|line| !line.starts_with('#')).collect();
    for protection in PROTECTIONS {
        assert!(lines.contains(protection), "the unit does not say `{protection}`");
        let key = protection.split('=').next().expect("a key");
        if key != "SystemCallFilter" {
            let named = lines.iter().filter(|line| line.split('=').next() == Some(key)).count();
            assert_eq!(named, 1, "`{key}` is named {named} times: the last one counts");
        }
    }
    let allowed: Vec<_> = lines.iter().filter(|line| line.starts_with("SystemCallFilter=")).collect();
    assert_eq!(allowed.len(), 3, "what is allowed beyond the set is told apart: {allowed:?}");
    assert_eq!(allowed[2], &"SystemCallFilter=prlimit64 getrlimit setrlimit");
}

#[test]
fn settings_and_keys_come_to_the_service_as_credentials() {
    let unit = deployed("wanglou.service");
    for line in [
        "LoadCredential=wanglou.toml:/etc/wanglou/wanglou.toml",
        "LoadCredential=secrets.key:/etc/wanglou/secrets.key",
        "ExecStart=/usr/local/bin/wanglou run --config %d/wanglou.toml",
    ] {
        assert!(unit.lines().any(|found| found == line), "the unit does not say `{line}`");
    }
}

#[test]
fn the_settings_that_are_shipped_hold_and_name_a_file_for_every_secret() {
    let text = deployed("wanglou.toml");
    for key in ["push_token_file", "secrets_key_file", "password_file", "client_secret_file"] {
        assert!(text.contains(key), "deploy/wanglou.toml does not explain `{key}`");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/wanglou.toml");
    let settings = Settings::load(Some(&path), Overrides::default()).expect("it can be read as it is");
    assert!(settings.push_token.is_none() && settings.secrets_key.is_none(), "no secret is shipped");
}
