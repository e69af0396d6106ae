//! An answer that takes long ends once whoever asked for it may no longer.
//!
//! In: the body of an answer, and a question: may they still? Out: the same bytes, in pieces, until the question is answered with no, or the
//! client has taken too long. It is asked every [`ASK_AGAIN_SECONDS`], counted from the moment at which the request was let in: together with
//! [`ANSWER_SECONDS_MAX`](super::limits::ANSWER_SECONDS_MAX) for making the answer, no more than 30 s pass between a revocation and its effect.
//! Streams and files alike; an answer that is one small piece is left as it is.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use futures_util::future::BoxFuture;
use hyper::body::{Frame, SizeHint};

use super::limits::{ANSWER_TAKEN_SECONDS_MAX, ASK_AGAIN_SECONDS};
use super::shares::Held;

/// Bytes that are handed on at once: what is not handed on yet can be kept back.
const PIECE_BYTES: usize = 64 * 1024;

/// Whether whoever asked may still.
pub(super) type Question = Box<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// Why a body ends before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Ended {
    #[error("whoever asked for it may no longer")]
    Revoked,
    #[error("it was not taken within {ANSWER_TAKEN_SECONDS_MAX} s")]
    TooSlow,
}

/// Waits: by the machine's clock, or in tests by one that is stepped.
#[derive(Clone)]
pub(super) struct Timer(Arc<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>);

impl Timer {
    /// By the machine's clock.
    pub(super) fn of_machine() -> Self {
        Self(Arc::new(|wait| Box::pin(tokio::time::sleep(wait))))
    }

    fn wait(&self, seconds: u64) -> BoxFuture<'static, ()> {
        (self.0)(Duration::from_secs(seconds))
    }
}

/// The times of an answer, counted from the moment at which its request was let in.
pub(super) struct Times {
    timer: Timer,
    next: BoxFuture<'static, ()>,
    ends: BoxFuture<'static, ()>,
}

impl Times {
    /// From now on.
    pub(super) fn begin(timer: &Timer) -> Self {
        let (next, ends) = (timer.wait(ASK_AGAIN_SECONDS), timer.wait(ANSWER_TAKEN_SECONDS_MAX));
        Self { timer: timer.clone(), next, ends }
    }
}

/// The answer, watched.
pub(super) fn watched(response: Response, times: Times, ask: Question) -> Response {
    let (mut parts, body) = response.into_parts();
    let held = parts.extensions.remove::<Held>();
    let exact = body.size_hint().exact();
    if exact.is_some_and(|bytes| bytes <= PIECE_BYTES as u64) {
        return Response::from_parts(parts, body);
    }
    // A stream ends by itself after its own time; a file is taken within a time.
    let Times { timer, next, ends } = times;
    let ends = exact.map(|_| ends);
    let body = Watched { body, rest: Bytes::new(), ask, asking: None, timer, next, ends, _held: held };
    Response::from_parts(parts, Body::new(body))
}

struct Watched {
    body: Body,
    /// What was taken from the body and not handed on yet.
    rest: Bytes,
    ask: Question,
    asking: Option<BoxFuture<'static, bool>>,
    timer: Timer,
    next: BoxFuture<'static, ()>,
    ends: Option<BoxFuture<'static, ()>>,
    /// Given back when the answer was taken, or its client has gone.
    _held: Option<Held>,
}

impl Watched {
    /// Whether it is over; registers for the moment at which that may change.
    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Option<Ended> {
        if self.ends.as_mut().is_some_and(|ends| ends.as_mut().poll(cx).is_ready()) {
            return Some(Ended::TooSlow);
        }
        loop {
            if let Some(asking) = &mut self.asking {
                match asking.as_mut().poll(cx) {
                    Poll::Pending => return None,
                    Poll::Ready(false) => return Some(Ended::Revoked),
                    Poll::Ready(true) => {
                        self.asking = None;
                        self.next = self.timer.wait(ASK_AGAIN_SECONDS);
                    }
                }
            }
            if self.next.as_mut().poll(cx).is_pending() {
                return None;
            }
            self.asking = Some((self.ask)());
        }
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Some(ended) = this.poll_ended(cx) {
            tracing::info!("an answer is broken off: {ended}");
            this.rest = Bytes::new();
            return Poll::Ready(Some(Err(axum::Error::new(ended))));
        }
        if this.rest.is_empty() {
            match std::task::ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                other => return Poll::Ready(other),
            }
        }
        let piece = this.rest.split_to(this.rest.len().min(PIECE_BYTES));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, of_body) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(of_body.lower() + rest);
        hint
    }
}

#[cfg(test)]
pub(super) mod testing {
    use std::sync::{Arc, Mutex, PoisonError};
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::Timer;

    /// The time, and who waits until when.
    type Waiting = (Duration, Vec<(Duration, oneshot::Sender<()>)>);

    /// A clock that is moved by hand.
    #[derive(Clone, Default)]
    pub(crate) struct Stepped(Arc<Mutex<Waiting>>);

    impl Stepped {
        pub(crate) fn timer(&self) -> Timer {
            let own = self.clone();
            Timer(Arc::new(move |wait| {
                let (due, wake) = oneshot::channel();
                let mut held = own.0.lock().unwrap_or_else(PoisonError::into_inner);
                let at = held.0 + wait;
                held.1.push((at, due));
                Box::pin(async move { _ = wake.await })
            }))
        }

        /// Moves it on; whoever waits until then is woken.
        pub(crate) fn advance(&self, seconds: u64) {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            held.0 += Duration::from_secs(seconds);
            let now = held.0;
            let (due, waiting) = std::mem::take(&mut held.1).into_iter().partition(|(at, _)| *at <= now);
            held.1 = waiting;
            drop(held);
            let due: Vec<(Duration, oneshot::Sender<()>)> = due;
            for (_, wake) in due {
                _ = wake.send(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use axum::body::BodyDataStream;
    use futures_util::{FutureExt, StreamExt, stream};

    use super::testing::Stepped;
    use super::*;
    use crate::shares::Shares;

    /// A question that somebody else decides, and how often it was asked.
    fn question() -> (Question, Arc<AtomicBool>, Arc<AtomicUsize>) {
        let (may, asked) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        let (may_now, asked_now) = (Arc::clone(&may), Arc::clone(&asked));
        let ask: Question = Box::new(move || {
            asked_now.fetch_add(1, Ordering::Relaxed);
            let may = may_now.load(Ordering::Relaxed);
            Box::pin(async move { may })
        });
        (ask, may, asked)
    }

    fn file(bytes: usize) -> Response {
        Response::new(Body::from(vec![7_u8; bytes]))
    }

    /// What a body does when it is asked for more.
    #[derive(Debug, PartialEq, Eq)]
    enum Comes {
        Nothing,
        Piece,
        BrokenOff,
        End,
    }

    fn comes(body: &mut BodyDataStream) -> Comes {
        match body.next().now_or_never() {
            None => Comes::Nothing,
            Some(Some(Ok(_))) => Comes::Piece,
            Some(Some(Err(_))) => Comes::BrokenOff,
            Some(None) => Comes::End,
        }
    }

    #[test]
    fn a_silent_stream_ends_within_thirty_seconds_of_the_revocation() {
        let (clock, (ask, may, asked)) = (Stepped::default(), question());
        let silent = Body::from_stream(stream::pending::<Result<Bytes, std::convert::Infallible>>());
        let answer = watched(Response::new(silent), Times::begin(&clock.timer()), ask);
        let mut body = answer.into_body().into_data_stream();
        for _ in 0..1_000 {
            clock.advance(1);
            assert_eq!(comes(&mut body), Comes::Nothing, "who may still is not disturbed");
        }
        assert_eq!(asked.load(Ordering::Relaxed) as u64, 1_000 / ASK_AGAIN_SECONDS);
        may.store(false, Ordering::Relaxed);
        let seconds = (1..=60).find(|_| {
            clock.advance(1);
            comes(&mut body) == Comes::BrokenOff
        });
        assert!(seconds.is_some_and(|seconds| seconds <= 30), "{seconds:?}");
    }

    #[test]
    fn a_file_that_is_taken_slowly_is_broken_off_once_it_was_revoked() {
        let (clock, (ask, may, _)) = (Stepped::default(), question());
        let mut body =
            watched(file(100 * PIECE_BYTES), Times::begin(&clock.timer()), ask).into_body().into_data_stream();
        let ended = (0..100).find(|second| {
            may.store(*second < 5, Ordering::Relaxed);
            clock.advance(1);
            comes(&mut body) == Comes::BrokenOff
        });
        assert!(ended.is_some_and(|second| second <= 35), "{ended:?}");
    }

    #[test]
    fn the_time_for_making_the_answer_counts() {
        let (clock, (ask, may, _)) = (Stepped::default(), question());
        let times = Times::begin(&clock.timer());
        clock.advance(15);
        may.store(false, Ordering::Relaxed);
        let mut body = watched(file(PIECE_BYTES + 1), times, ask).into_body().into_data_stream();
        assert_eq!(comes(&mut body), Comes::Piece);
        clock.advance(ASK_AGAIN_SECONDS - 15);
        assert_eq!(comes(&mut body), Comes::BrokenOff);
    }

    #[tokio::test]
    async fn a_whole_file_arrives_as_it_is_and_nobody_takes_longer_than_the_bound() {
        let (clock, (ask, ..)) = (Stepped::default(), question());
        let body = watched(file(3 * PIECE_BYTES + 5), Times::begin(&clock.timer()), ask).into_body();
        assert_eq!(body.size_hint().exact(), Some(3 * PIECE_BYTES as u64 + 5));
        let whole = axum::body::to_bytes(body, usize::MAX).await.expect("whole");
        assert_eq!(whole.len(), 3 * PIECE_BYTES + 5);
        let (ask, ..) = question();
        let mut body = watched(file(9 * PIECE_BYTES), Times::begin(&clock.timer()), ask).into_body().into_data_stream();
        assert_eq!(comes(&mut body), Comes::Piece);
        clock.advance(ANSWER_TAKEN_SECONDS_MAX);
        assert_eq!(comes(&mut body), Comes::BrokenOff);
    }

    #[test]
    fn the_place_of_an_export_is_free_again_when_it_was_taken_and_not_before() {
        let (shares, (ask, ..)) = (Shares::new(1, 1), question());
        let place = shares.take("中心").expect("free");
        let mut response = file(2 * PIECE_BYTES);
        response.extensions_mut().insert(Held::new(place));
        let body = watched(response, Times::begin(&Stepped::default().timer()), ask).into_body();
        assert!(shares.take("中心").is_err(), "it is on its way");
        drop(body);
        assert!(shares.take("中心").is_ok());
    }
}
