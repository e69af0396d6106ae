//! The pages, as `run` and `demo` serve them, and the wish to end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};

use super::lang::{pick, tr};
use super::{Failure, tell};
use access::{Accounts, Provider};
use config::Settings;
use pipeline::Tower;
use web::{self, Authentication, Room};

/// Files a service wants to be able to open: connections, parts of the index, signals, archives.
const DESCRIPTORS_WANTED: u64 = 8_192;

/// Connections that the system keeps until they are taken; it may keep fewer (`net.core.somaxconn`).
const CONNECTIONS_WAITING: u32 = 4_096;

/// The web face of a tower while it is served.
pub(super) struct Face {
    stop: watch::Sender<bool>,
    served: JoinHandle<()>,
    /// How it ended, once it has.
    ended: Option<Result<(), JoinError>>,
}

impl Face {
    /// Listens, serves, and says where.
    pub(super) async fn open(tower: &Arc<Tower>, settings: &Settings) -> Result<Self, Failure> {
        let listener = listen(SocketAddr::new(settings.bind, settings.port)).with_context(|| {
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
        let router = web::router(Arc::clone(tower), authentication.with_proxies(&settings.proxies));
        let room = room().with_proxies(&settings.proxies);
        Ok(Self { stop, served: tokio::spawn(web::serve(listener, router, room, until)), ended: None })
    }

    /// Resolves once the pages are served no longer though nobody asked for that: then going on would be a watch that nobody can see.
    pub(super) async fn ended(&mut self) {
        if self.ended.is_none() {
            self.ended = Some((&mut self.served).await);
        }
    }

    /// Lets running answers end.
    ///
    /// # Errors
    /// Why the pages ended before they were asked to.
    pub(super) async fn close(self) -> Result<(), Failure> {
        if self.stop.send(true).is_err() || self.ended.is_some() {
            let ended = match self.ended {
                Some(ended) => ended,
                None => self.served.await,
            };
            let why = pick("页面服务意外结束", "the pages ended without being asked to");
            return Err(match ended {
                Ok(()) => anyhow::anyhow!(why).into(),
                Err(error) => anyhow::Error::new(error).context(why).into(),
            });
        }
        Ok(self.served.await?)
    }
}

/// Listens. Connections that come faster than they are taken wait: one that found no room would be tried again by its client after a second.
fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = if at.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As `TcpListener::bind` does: a service that starts again has its port at once.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    socket.listen(CONNECTIONS_WAITING)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn face(served: impl Future<Output = ()> + Send + 'static) -> (Face, watch::Receiver<bool>) {
        let (stop, stopped) = watch::channel(false);
        (Face { stop, served: tokio::spawn(served), ended: None }, stopped)
    }

    #[tokio::test]
    async fn pages_that_end_by_themselves_are_a_failure_with_its_reason() {
        let (mut panicked, _asked) = face(async { panic!("on purpose") });
        panicked.ended().await;
        panicked.ended().await;
        let why = format!("{:?}", panicked.close().await.expect_err("a failure"));
        assert!(why.contains("on purpose") || why.contains("panic"), "{why}");
        let (mut silent, _asked) = face(async {});
        silent.ended().await;
        assert!(silent.close().await.is_err(), "an end without a reason is none that was asked for");
    }

    #[tokio::test]
    async fn pages_that_are_asked_to_end_end_well() {
        let (stop, mut stopped) = watch::channel(false);
        let served = tokio::spawn(async move { _ = stopped.wait_for(|stop| *stop).await });
        let face = Face { stop, served, ended: None };
        assert!(face.close().await.is_ok());
    }
}
