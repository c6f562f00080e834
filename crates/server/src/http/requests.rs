//! The requests of one HTTP/1 connection: hyper gets each head only once it is complete and
//! checked, and of what follows only the body that belongs to it.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::framing::Framing;
use super::head::{self, Refusal};
use crate::limits::{self, Limits};

/// How much is read at a time.
const ROOM: usize = 8192;

/// What hyper reads from and writes to.
pub struct Requests<S> {
    inner: S,
    limits: Limits,
    /// What was read and not passed on.
    read_ahead: BytesMut,
    /// How much of it was searched for the end of a head.
    searched: usize,
    /// How much of it may be passed on.
    ready: usize,
    body: Framing,
    /// Whether no request is read after this one.
    is_last: bool,
    /// Whether nothing more is passed on.
    has_ended: bool,
    was_refused: bool,
    clock: Option<Pin<Box<Sleep>>>,
    is_timed: bool,
    refusal: Bytes,
    closing: Closing,
}

/// How far the end of the connection has come.
enum Closing {
    /// The refusal, if there is one, is written.
    Saying,
    /// Nothing more is written.
    Shutting,
    /// What the client still sends is read, because a reset could discard the response.
    Lingering(Pin<Box<Sleep>>),
}

impl<S: AsyncRead + Unpin> Requests<S> {
    /// The requests of a connection from which nothing has been read.
    pub fn new(inner: S, limits: Limits) -> Self {
        Requests {
            inner,
            limits,
            read_ahead: BytesMut::new(),
            searched: 0,
            ready: 0,
            body: Framing::Length(0),
            is_last: false,
            has_ended: false,
            was_refused: false,
            clock: None,
            is_timed: false,
            refusal: Bytes::new(),
            closing: Closing::Saying,
        }
    }

    /// Waits until there is something to pass on, or the end.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.ready == 0 && !self.has_ended {
            match self.body.is_complete() {
                false => {
                    if self.read_ahead.is_empty() && ready!(self.poll_more(cx))? == 0 {
                        self.has_ended = true;
                    }
                    self.ready = self.body.advance(&self.read_ahead);
                }
                true if self.is_last => self.has_ended = true,
                true => ready!(self.poll_head(cx))?,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads the head of the next request.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let limit = self.limits.header;
        loop {
            let end = head::end(&self.read_ahead, self.searched);
            if let Some(end) = end.filter(|end| *end <= limit) {
                self.begin(end);
                return Poll::Ready(Ok(()));
            }
            if self.read_ahead.len() > limit {
                self.refuse(Refusal::too_large());
                return Poll::Ready(Ok(()));
            }
            self.searched = self.read_ahead.len();
            if self.poll_clock(cx).is_ready() {
                match self.read_ahead.is_empty() {
                    true => self.has_ended = true,
                    false => self.refuse(Refusal::too_slow()),
                }
                return Poll::Ready(Ok(()));
            }
            if ready!(self.poll_more(cx))? == 0 {
                // Half a head is no request.
                self.has_ended = true;
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Passes on the head that ends here, if it is right.
    fn begin(&mut self, end: usize) {
        (self.searched, self.is_timed) = (0, false);
        match head::read(&mut self.read_ahead[..end]) {
            Ok(request) => {
                self.ready = end;
                self.body = request.body;
                self.is_last = request.is_last;
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    fn refuse(&mut self, Refusal(text): Refusal) {
        (self.has_ended, self.was_refused) = (true, true);
        self.refusal = text.into();
    }

    /// The time for a head runs from when hyper waits for it.
    fn poll_clock(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let time = self.limits.request;
        let clock = self.clock.get_or_insert_with(|| Box::pin(sleep(time)));
        if !self.is_timed {
            clock.as_mut().reset(Instant::now() + time);
            self.is_timed = true;
        }
        clock.as_mut().poll(cx)
    }

    /// Reads more, and returns how much; 0 at the end.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let room = if self.read_ahead.is_empty() {
            ROOM / 8
        } else {
            ROOM
        };
        self.read_ahead.reserve(room);
        pin!(self.inner.read_buf(&mut self.read_ahead)).poll(cx)
    }

    /// Does the client send, or has it announced, what nobody reads?
    fn leaves_unread(&self) -> bool {
        self.was_refused || !self.body.is_complete() || !self.read_ahead.is_empty()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Requests<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_ready(cx))?;
        let length = self.ready.min(buffer.remaining());
        buffer.put_slice(&self.read_ahead[..length]);
        self.read_ahead.advance(length);
        self.ready -= length;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Requests<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, octets)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    /// hyper shuts down once it has answered every request that it got; the refusal of the
    /// next one follows.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            match &mut this.closing {
                Closing::Saying => {
                    while !this.refusal.is_empty() {
                        let inner = Pin::new(&mut this.inner);
                        let written = ready!(inner.poll_write(cx, &this.refusal))?;
                        if written == 0 {
                            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                        }
                        this.refusal.advance(written);
                    }
                    ready!(Pin::new(&mut this.inner).poll_flush(cx))?;
                    this.closing = Closing::Shutting;
                }
                Closing::Shutting => {
                    ready!(Pin::new(&mut this.inner).poll_shutdown(cx))?;
                    if !this.leaves_unread() {
                        return Poll::Ready(Ok(()));
                    }
                    this.closing = Closing::Lingering(Box::pin(sleep(limits::LINGER)));
                }
                Closing::Lingering(clock) => {
                    if clock.as_mut().poll(cx).is_ready() {
                        return Poll::Ready(Ok(()));
                    }
                    this.read_ahead.clear();
                    match ready!(this.poll_more(cx)) {
                        Ok(0) | Err(_) => return Poll::Ready(Ok(())),
                        Ok(_) => {}
                    }
                }
            }
        }
    }
}
