//! The pages, as `run` and `demo` serve them, and the wish to end.

use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Failure;
use access::{Accounts, Provider};
use config::Settings;
use pipeline::Tower;
use web::{self, Authentication, WebError};

/// The web face of a tower while it is served.
pub(super) struct Face {
    stop: watch::Sender<bool>,
    served: JoinHandle<Result<(), WebError>>,
}

impl Face {
    /// Listens, serves, and says where.
    pub(super) async fn open(tower: &Arc<Tower>, settings: &Settings) -> Result<Self, Failure> {
        let listener = TcpListener::bind((settings.bind, settings.port)).await.with_context(|| {
            format!("cannot listen on {}:{}; choose another port with --port", settings.bind, settings.port)
        })?;
        eprintln!("页面：http://{}", listener.local_addr()?);
        let authentication = Authentication::new(Accounts::new(tower.store().clone()), settings.bind);
        let mut authentication = authentication.with_mail(settings.mail.is_some());
        if let Some(by) = &settings.sign_in {
            let back = format!("{}{}", settings.home, web::PROVIDER_BACK);
            tracing::info!("users may sign in by {}; it must know the address {back}", by.issuer);
            authentication = authentication.with_provider(Provider::new(by.clone(), back)?);
        }
        if authentication.is_open().await? {
            eprintln!("未设登录：只有本机能访问，本机上的任何人都能看到全部内容（添加用户：wanglou user add）");
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
        Ok(Self { stop, served: tokio::spawn(web::serve(listener, router, until)) })
    }

    /// Resolves when serving has ended by itself: with an error, then.
    pub(super) async fn ended(&mut self) -> Result<(), Failure> {
        Ok((&mut self.served).await??)
    }

    /// Lets running answers end.
    pub(super) async fn close(self) -> Result<(), Failure> {
        _ = self.stop.send(true);
        Ok(self.served.await??)
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
