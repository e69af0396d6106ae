//! Takes connections: how many at once, from whom, and how long each may take.
//!
//! In: a listener, the router, the wish to end. Out: answers. Not here: what an address answers, who may ask.
//!
//! Anybody can open connections before anything is known of them, so each one costs little and none is kept for long: a head has
//! [`HEAD_SECONDS_MAX`], a body [`BODY_SECONDS_MAX`], a client that takes no bytes [`WRITE_SECONDS_MAX`]. When all [`Room`] is taken, the
//! connection that has kept the service waiting longest is closed for the new one: a thousand half-sent requests delay nobody, nor do a
//! thousand clients that ask and do not read. It must have
//! waited [`PATIENCE`] for that, so that nobody is closed before the bytes that he sent at once were read; newcomers wait as long.
//! HTTP/1.1 alone: a proxy in front speaks everything else.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use super::address::is_proxy;
use super::limits::{
    BODY_SECONDS_MAX, CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS_MAX, HEAD_BYTES_MAX, HEAD_SECONDS_MAX, HEADERS_MAX,
    WRITE_SECONDS_MAX,
};
use config::Network;

/// Pause after the system gave no connection (no descriptors, no memory).
const ACCEPT_RETRY: Duration = Duration::from_millis(200);
/// How long a client may keep the service waiting before its connection is closed for somebody else's.
const PATIENCE: Duration = Duration::from_millis(100);

/// How many connections there may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// In all.
    pub connections: usize,
    /// From one address that is neither loopback nor a proxy's.
    pub per_address: usize,
    /// Proxies on other machines: many people come from their addresses.
    pub proxies: Vec<Network>,
}

impl Room {
    /// The room in a process that may open this many files: at most half of them are connections, the rest is for the archive and the
    /// index.
    #[must_use]
    pub fn of_descriptors(files: u64) -> Self {
        let half = usize::try_from(files / 2).unwrap_or(usize::MAX);
        let connections = half.clamp(1, CONNECTIONS_MAX);
        Self { connections, per_address: CONNECTIONS_PER_ADDRESS_MAX.min(connections), proxies: Vec::new() }
    }

    /// The same behind these proxies.
    #[must_use]
    pub fn with_proxies(self, proxies: &[Network]) -> Self {
        Self { proxies: proxies.to_vec(), ..self }
    }
}

impl Default for Room {
    fn default() -> Self {
        Self { connections: CONNECTIONS_MAX, per_address: CONNECTIONS_PER_ADDRESS_MAX, proxies: Vec::new() }
    }
}

/// What a connection does, as far as it decides which one is closed first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Doing {
    /// The service waits for the client: for a head, or for the rest of a body.
    Waiting,
    /// An answer is made or sent.
    Answering,
}

/// A connection among the others.
struct Held {
    from: IpAddr,
    doing: Doing,
    /// Grows with every change of `doing` anywhere: the smallest has waited longest.
    since: u64,
    /// When the service began to wait for the client; none while nobody has looked at what it sent.
    waits_from: Option<Instant>,
    /// Since when the client has taken no byte of an answer that is being sent; none while it takes them.
    untaken: Option<Wait>,
    close: Arc<Notify>,
}

/// How long the service has waited for a client.
#[derive(Debug, Clone, Copy)]
struct Wait {
    /// The smallest has waited longest.
    since: u64,
    /// None while nobody has looked at what the client sent.
    from: Option<Instant>,
}

impl Held {
    /// The wait for the client; none while the service itself is at work for it.
    fn wait(&self) -> Option<Wait> {
        let asked = (self.doing == Doing::Waiting).then_some(Wait { since: self.since, from: self.waits_from });
        self.untaken.or(asked)
    }
}

/// What comes of asking for a place.
enum Asked {
    /// A place.
    Taken(Place),
    /// One will be free then at the latest, or may be asked for again.
    Wait(Duration),
    /// All places are taken by answers.
    Full,
}

/// The connections there are.
struct Connections {
    room: Room,
    held: Mutex<BTreeMap<u64, Held>>,
    next: AtomicU64,
}

impl Connections {
    fn new(room: Room) -> Arc<Self> {
        Arc::new(Self { room, held: Mutex::default(), next: AtomicU64::new(0) })
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<u64, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// A place for a connection. Closes the one that has waited longest where that makes room.
    fn take(self: &Arc<Self>, from: IpAddr, now: Instant) -> Asked {
        let mut held = self.held();
        let own = !is_proxy(from, &self.room.proxies)
            && held.values().filter(|other| other.from == from).count() >= self.room.per_address;
        if own || held.len() >= self.room.connections {
            // Whoever has its share makes room by its own connections alone, and has no claim to patience: nobody else waits for that.
            let waiting = held.iter().filter(|(_, other)| !own || other.from == from);
            let waiting = waiting.filter_map(|(&id, other)| Some((id, other.wait()?)));
            let Some((longest, wait)) = waiting.min_by_key(|(_, wait)| (wait.from.is_none(), wait.since)) else {
                return Asked::Full;
            };
            let waited = wait.from.map_or(Duration::ZERO, |from| now.duration_since(from));
            if let Some(left) = PATIENCE.checked_sub(waited).filter(|left| !own && !left.is_zero()) {
                return Asked::Wait(left);
            }
            if let Some(held) = held.remove(&longest) {
                held.close.notify_one();
            }
        }
        let (id, close) = (self.tick(), Arc::new(Notify::new()));
        let (doing, close_it) = (Doing::Waiting, Arc::clone(&close));
        held.insert(id, Held { from, doing, since: id, waits_from: None, untaken: None, close: close_it });
        Asked::Taken(Place { id, close, connections: Arc::clone(self) })
    }
}

/// The place of a connection, given back when dropped.
struct Place {
    id: u64,
    close: Arc<Notify>,
    connections: Arc<Connections>,
}

impl Place {
    fn now(connections: &Connections, id: u64, doing: Doing) {
        let since = connections.tick();
        if let Some(held) = connections.held().get_mut(&id) {
            (held.doing, held.since, held.waits_from) = (doing, since, Some(Instant::now()));
        }
    }

    /// The client has taken bytes of an answer, or takes none now.
    fn taking(connections: &Connections, id: u64, takes: bool, now: Instant) {
        let since = connections.tick();
        if let Some(held) = connections.held().get_mut(&id) {
            // A wait lasts until bytes are taken, however often they are offered.
            held.untaken = if takes { None } else { held.untaken.or(Some(Wait { since, from: Some(now) })) };
        }
    }

    /// What the client had sent was read, and more is waited for.
    fn looked_at(&self, now: Instant) {
        if let Some(held) = self.connections.held().get_mut(&self.id) {
            held.waits_from.get_or_insert(now);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.held().remove(&self.id);
    }
}

/// Takes connections until `closing` turns true, then lets running answers end.
pub(super) async fn serve(listener: TcpListener, router: Router, room: Room, mut closing: watch::Receiver<bool>) {
    let connections = Connections::new(room);
    let mut serving = tokio::task::JoinSet::new();
    loop {
        let taken = tokio::select! {
            taken = listener.accept() => taken,
            // Ended ones are forgotten as they end.
            Some(_) = serving.join_next() => continue,
            () = told(&mut closing) => break,
        };
        match taken {
            Ok((stream, from)) => {
                let share = share_of(from.ip(), &connections.room.proxies);
                let place = loop {
                    match connections.take(share, Instant::now()) {
                        Asked::Taken(place) => break Some(place),
                        Asked::Full => break None,
                        Asked::Wait(left) => tokio::time::sleep(left).await,
                    }
                };
                let Some(place) = place else {
                    tracing::debug!(%from, "all connections are answering: a further one is closed");
                    continue;
                };
                serving.spawn(serve_one(stream, from, router.clone(), place, closing.clone()));
            }
            Err(error) if is_of_client(&error) => {}
            Err(error) => {
                tracing::error!("no connection can be taken now, tried again in 200 ms: {error}");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
    drop(listener);
    while serving.join_next().await.is_some() {}
}

/// The address that a share is counted for: IPv6 by its /64, which one customer has whole; IPv4 written as IPv6 as IPv4; a proxy's own.
fn share_of(address: IpAddr, proxies: &[Network]) -> IpAddr {
    let address = address.to_canonical();
    match address {
        _ if is_proxy(address, proxies) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// Resolves once the service is told to end; an error says that whoever would say so has gone.
async fn told(closing: &mut watch::Receiver<bool>) {
    _ = closing.wait_for(|closing| *closing).await;
}

/// Whether taking a connection failed by the client's doing.
fn is_of_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn serve_one(
    stream: TcpStream,
    from: SocketAddr,
    router: Router,
    place: Place,
    mut closing: watch::Receiver<bool>,
) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(Duration::from_secs(WRITE_SECONDS_MAX)));
    let (id, connections) = (place.id, Arc::clone(&place.connections));
    let stream = Offering { stream: Box::pin(stream), id, takes: true, connections: Arc::clone(&connections) };
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let request = watched(request, from, id, &connections);
        let (router, connections) = (router.clone(), Arc::clone(&connections));
        async move {
            let response: Response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
            // What the client has not sent by now nobody waits for any more.
            Place::now(&connections, id, Doing::Answering);
            Ok::<_, Infallible>(response.map(|body| Answer::new(body, id, connections)))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(HEAD_SECONDS_MAX))
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut close = pin!(place.close.notified());
    let mut looked_at = false;
    let served = std::future::poll_fn(|context| {
        let polled = connection.as_mut().poll(context);
        if !looked_at {
            looked_at = true;
            place.looked_at(Instant::now());
        }
        polled
    });
    let ended = tokio::select! {
        ended = served => Some(ended),
        () = close.as_mut() => return,
        () = told(&mut closing) => None,
    };
    let ended = if let Some(ended) = ended {
        ended
    } else {
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            ended = connection.as_mut() => ended,
            () = close => return,
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%from, "a connection ended early: {error}");
    }
}

/// A stream that says whether its client takes what is sent to it.
struct Offering<S> {
    stream: Pin<Box<S>>,
    id: u64,
    takes: bool,
    connections: Arc<Connections>,
}

impl<S> Offering<S> {
    fn told<T>(&mut self, polled: Poll<T>) -> Poll<T> {
        let takes = polled.is_ready();
        if takes != self.takes {
            self.takes = takes;
            Place::taking(&self.connections, self.id, takes, Instant::now());
        }
        polled
    }
}

impl<S: AsyncRead> AsyncRead for Offering<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_read(cx, buf)
    }
}

impl<S: AsyncWrite> AsyncWrite for Offering<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = self.stream.as_mut().poll_write(cx, bytes);
        self.told(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = self.stream.as_mut().poll_write_vectored(cx, slices);
        self.told(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(cx)
    }
}

/// The request with a body that is given up when it takes too long, and says when all of it is there.
fn watched(
    request: hyper::Request<hyper::body::Incoming>,
    from: SocketAddr,
    id: u64,
    connections: &Arc<Connections>,
) -> Request {
    let doing = if request.body().is_end_stream() { Doing::Answering } else { Doing::Waiting };
    Place::now(connections, id, doing);
    let deadline = Box::pin(tokio::time::sleep(Duration::from_secs(BODY_SECONDS_MAX)));
    let connections = Arc::clone(connections);
    let mut request = request.map(|body| Body::new(Arriving { body, deadline, id, connections }));
    request.extensions_mut().insert(axum::extract::ConnectInfo(from));
    request
}

/// A body on its way in.
struct Arriving {
    body: hyper::body::Incoming,
    deadline: Pin<Box<tokio::time::Sleep>>,
    id: u64,
    connections: Arc<Connections>,
}

/// A body took longer than [`BODY_SECONDS_MAX`].
#[derive(Debug, thiserror::Error)]
#[error("the body took longer than {BODY_SECONDS_MAX} s")]
struct TooSlow;

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match polled {
            Poll::Ready(None) => {
                Place::now(&self.connections, self.id, Doing::Answering);
                Poll::Ready(None)
            }
            Poll::Ready(Some(frame)) => {
                if self.body.is_end_stream() {
                    Place::now(&self.connections, self.id, Doing::Answering);
                }
                Poll::Ready(Some(frame.map_err(axum::Error::new)))
            }
            Poll::Pending if self.deadline.as_mut().poll(cx).is_ready() => {
                Poll::Ready(Some(Err(axum::Error::new(TooSlow))))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer on its way out: once it is dropped, the service waits for the client again.
struct Answer {
    body: Body,
    id: u64,
    connections: Arc<Connections>,
}

impl Answer {
    fn new(body: Body, id: u64, connections: Arc<Connections>) -> Self {
        Self { body, id, connections }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        Place::now(&self.connections, self.id, Doing::Waiting);
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    const OWN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    /// The place that is given at once, if one is.
    fn taken(connections: &Arc<Connections>, from: IpAddr, now: Instant) -> Option<Place> {
        match connections.take(from, now) {
            Asked::Taken(place) => Some(place),
            Asked::Wait(_) | Asked::Full => None,
        }
    }

    #[test]
    fn when_all_room_is_taken_the_connection_that_waited_longest_makes_place() {
        let connections = Connections::new(Room { connections: 2, per_address: 2, ..Room::default() });
        let now = Instant::now();
        let (first, second) =
            (taken(&connections, OWN, now).expect("room"), taken(&connections, OWN, now).expect("room"));
        Place::now(&connections, first.id, Doing::Answering);
        second.looked_at(now);
        let third = taken(&connections, OWN, now + PATIENCE).expect("the second makes place");
        let ids: Vec<u64> = connections.held().keys().copied().collect();
        assert_eq!(ids, [first.id, third.id]);
        Place::now(&connections, third.id, Doing::Answering);
        assert!(
            matches!(connections.take(OWN, now + PATIENCE), Asked::Full),
            "answers are not broken off for newcomers"
        );
        Place::now(&connections, first.id, Doing::Waiting);
        drop(second);
        let later = Instant::now() + PATIENCE;
        assert!(taken(&connections, OWN, later).is_some(), "an answered connection waits again");
    }

    #[test]
    fn an_answer_that_its_client_does_not_take_makes_place() {
        let connections = Connections::new(Room { connections: 2, per_address: 2, ..Room::default() });
        let now = Instant::now();
        let (first, second) =
            (taken(&connections, OWN, now).expect("room"), taken(&connections, OWN, now).expect("room"));
        Place::now(&connections, first.id, Doing::Answering);
        Place::now(&connections, second.id, Doing::Answering);
        Place::taking(&connections, second.id, false, now);
        // Offered again, and asked for more: the wait goes on.
        Place::taking(&connections, second.id, false, now + PATIENCE);
        Place::now(&connections, second.id, Doing::Answering);
        Place::taking(&connections, first.id, false, now);
        Place::taking(&connections, first.id, true, now);
        let third = taken(&connections, OWN, now + PATIENCE).expect("the second makes place");
        let ids: Vec<u64> = connections.held().keys().copied().collect();
        assert_eq!(ids, [first.id, third.id], "the first takes its bytes");
    }

    #[test]
    fn nobody_is_closed_before_what_he_sent_was_read() {
        let connections = Connections::new(Room { connections: 2, per_address: 2, ..Room::default() });
        let now = Instant::now();
        let (first, second) =
            (taken(&connections, OWN, now).expect("room"), taken(&connections, OWN, now).expect("room"));
        let now = now + PATIENCE * 5;
        assert!(matches!(connections.take(OWN, now), Asked::Wait(PATIENCE)), "nobody has looked at either");
        second.looked_at(now);
        let half = now + PATIENCE / 2;
        assert!(matches!(connections.take(OWN, half), Asked::Wait(left) if left == PATIENCE / 2));
        let third = taken(&connections, OWN, now + PATIENCE).expect("the second makes place");
        let ids: Vec<u64> = connections.held().keys().copied().collect();
        assert_eq!(ids, [first.id, third.id], "the first is still to be read");
    }

    #[test]
    fn one_address_has_a_share_and_makes_place_by_its_own_connections_alone() {
        let connections = Connections::new(Room { connections: 10, per_address: 2, ..Room::default() });
        let other = taken(&connections, from(1), Instant::now()).expect("room");
        let own: Vec<Place> = (0..5).filter_map(|_| taken(&connections, from(2), Instant::now())).collect();
        assert_eq!(own.len(), 5, "newcomers take the places of those that wait");
        let held = connections.held();
        assert_eq!(held.values().filter(|held| held.from == from(2)).count(), 2);
        assert!(held.contains_key(&other.id));
    }

    #[test]
    fn a_proxy_of_the_settings_brings_more_than_one_share() {
        let proxies: Vec<Network> = vec!["fd00::/64".parse().expect("a network")];
        let room = Room { connections: 5, per_address: 2, ..Room::default() }.with_proxies(&proxies);
        let connections = Connections::new(room);
        let proxy = share_of("fd00::7".parse().expect("an address"), &proxies);
        assert_eq!(proxy.to_string(), "fd00::7", "it is known by its whole address");
        let held: Vec<Place> = (0..4).filter_map(|_| taken(&connections, proxy, Instant::now())).collect();
        assert_eq!((held.len(), connections.held().len()), (4, 4), "many people come from it");
    }

    #[test]
    fn one_customer_has_one_share_however_its_address_is_written() {
        let share = |text: &str| share_of(text.parse().expect("an address"), &[]);
        assert_eq!(share("2001:db8:1:2::3"), share("2001:db8:1:2:ffff::9"));
        assert_ne!(share("2001:db8:1:2::3"), share("2001:db8:1:3::3"));
        assert_eq!(share("::ffff:10.0.0.1"), from(1));
        assert!(share("::ffff:127.0.0.1").is_loopback() && share("::1").is_loopback());
    }

    #[test]
    fn a_process_with_few_descriptors_takes_few_connections() {
        assert_eq!(Room::of_descriptors(65_536), Room::default());
        assert_eq!(Room::of_descriptors(100), Room { connections: 50, per_address: 50, ..Room::default() });
        assert_eq!(Room::of_descriptors(0), Room { connections: 1, per_address: 1, ..Room::default() });
        assert_eq!(Room::of_descriptors(u64::MAX), Room::default());
    }
}
