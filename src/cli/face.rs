//! The pages, as `run` and `demo` serve them, and the wish to end.

use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::lang::{pick, tr};
use super::{Failure, tell};
use access::{Accounts, Provider};
use config::Settings;
use pipeline::Tower;
use web::{self, Authentication, Room};

/// Files a service wants to be able to open: connections, parts of the index, signals, archives.
const DESCRIPTORS_WANTED: u64 = 8_192;

/// The web face of a tower while it is served.
pub(super) struct Face {
    stop: watch::Sender<bool>,
    served: JoinHandle<()>,
}

impl Face {
    /// Listens, serves, and says where.
    pub(super) async fn open(tower: &Arc<Tower>, settings: &Settings) -> Result<Self, Failure> {
        let listener = TcpListener::bind((settings.bind, settings.port)).await.with_context(|| {
            tr!(
                "无法在 {}:{} 监听；请用 --port 换一个端口",
                "cannot listen on {}:{}; choose another port with --port",
                settings.bind,
                settings.port
            )
        })?;
        tell(tr!("页面：http://{}", "pages: http://{}", listener.local_addr()?));
        let authentication = Authentication::new(Accounts::new(tower.store().clone()), settings.bind);
        let home = settings.home.split_once("://").map_or("", |(_, rest)| rest);
        let home = home.split(['/', ':']).next().unwrap_or_default().to_owned();
        let names = settings.hosts.iter().cloned().chain([home]);
        let mut authentication = authentication.with_mail(settings.mail.is_some()).with_names(names);
        if let Some(by) = &settings.sign_in {
            let back = format!("{}{}", settings.home, web::PROVIDER_BACK);
            tracing::info!("users may sign in by {}; it must know the address {back}", by.issuer);
            authentication = authentication.with_provider(Provider::new(by.clone(), back)?);
        }
        if authentication.is_open().await? {
            tell(pick(
                "未设登录：只有本机能访问，本机上的任何人都能看到全部内容（添加用户：wanglou user add）",
                "no sign-in: only this machine is answered, and whoever is on it sees everything (add users: wanglou user add)",
            ));
            tracing::info!("the house is open: no user exists and it listens on loopback only");
        } else if !Accounts::new(tower.store().clone()).has_users().await? {
            tracing::warn!(
                "sign-in is required on {} and no user exists: add one with `wanglou user add`",
                settings.bind
            );
        }
        let (stop, mut stopped) = watch::channel(false);
        let until = async move { _ = stopped.wait_for(|stop| *stop).await };
        let router = web::router(Arc::clone(tower), authentication);
        Ok(Self { stop, served: tokio::spawn(web::serve(listener, router, room(), until)) })
    }

    /// Lets running answers end.
    pub(super) async fn close(self) -> Result<(), Failure> {
        _ = self.stop.send(true);
        Ok(self.served.await?)
    }
}

/// How many connections there may be, after the limit of open files is raised as far as the system lets this process raise it.
fn room() -> Room {
    match rlimit::increase_nofile_limit(DESCRIPTORS_WANTED) {
        Ok(files) => {
            let room = Room::of_descriptors(files);
            if files < DESCRIPTORS_WANTED {
                tracing::warn!(
                    files,
                    connections = room.connections,
                    "few files may be open: raise LimitNOFILE to {DESCRIPTORS_WANTED}"
                );
            }
            room
        }
        Err(error) => {
            tracing::warn!("the limit of open files is unknown: {error}");
            Room::default()
        }
    }
}

/// Resolves when the user or the system asks the program to end.
pub(super) async fn asked_to_end() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupted => {}
        () = terminated() => {}
    }
}

async fn terminated() {
    #[cfg(unix)]
    if let Ok(mut signal) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        signal.recv().await;
        return;
    }
    std::future::pending::<()>().await;
}
