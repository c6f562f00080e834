//! One connection: HTTP/1.1, or HTTP/2 if negotiated in TLS.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::requests::Requests;
use super::stream::Stream;
use super::tls::{self, Tls};
use super::{Peer, Site, Stop};
use crate::limits::{self, Limits};
use crate::log::Log;

/// Concurrent requests on one HTTP/2 connection.
const STREAMS: u32 = 32;

/// What a reload replaces.
pub struct Serving<S> {
    /// The request handler.
    pub site: S,
    /// The server's certificate, if it uses TLS.
    pub tls: Option<Tls>,
}

/// What all connections share.
pub struct Shared<S> {
    serving: RwLock<Arc<Serving<S>>>,
    /// The limits for a client.
    pub limits: Limits,
    /// Where failed handshakes and reloads are logged.
    pub log: Log,
}

impl<S: Site> Shared<S> {
    /// A server that begins with this.
    pub fn new(serving: Serving<S>, limits: Limits, log: Log) -> Self {
        Shared {
            serving: RwLock::new(Arc::new(serving)),
            limits,
            log,
        }
    }

    /// What new connections and requests get.
    fn serving(&self) -> Arc<Serving<S>> {
        Arc::clone(&self.serving.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on new connections and requests get this.
    pub fn replace(&self, serving: Serving<S>) {
        *self.serving.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(serving);
    }

    /// Serves one connection until it is closed.
    pub async fn serve(
        self: Arc<Self>,
        stream: TcpStream,
        address: SocketAddr,
        stop: Stop,
        watcher: Watcher,
    ) {
        // Answers are small and sent at once, so buffering only delays them.
        let _ = stream.set_nodelay(true);
        let peer = |common_name| Arc::new(Peer { address, common_name });
        let patience = self.limits.request;
        let Some(tls) = self.serving().tls.clone() else {
            return self
                .http1(Stream::new(stream, patience), peer(None), watcher)
                .await;
        };
        let stream = tokio::select! {
            stream = self.shake_hands(stream, address, &tls) => stream,
            () = stop.asked() => return,
        };
        let Some(stream) = stream else {
            return;
        };
        let (_, session) = stream.get_ref();
        let peer = peer(tls::common_name(session));
        let is_http2 = session.alpn_protocol() == Some(tls::HTTP2);
        let stream = Stream::new(stream, patience);
        match is_http2 {
            true => self.http2(stream, peer, stop, watcher).await,
            false => self.http1(stream, peer, watcher).await,
        }
    }

    /// The TLS handshake; nothing where it fails.
    async fn shake_hands(
        &self,
        stream: TcpStream,
        address: SocketAddr,
        tls: &Tls,
    ) -> Option<TlsStream<TcpStream>> {
        if speaks_plain_http(&stream).await {
            say(stream, PLAIN_HTTP).await;
            return None;
        }
        let acceptor = TlsAcceptor::from(tls.config());
        match timeout(limits::HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(error)) => self.complain(address, &tls::reason(&error)),
            Err(_) => self.complain(address, "timeout"),
        }
        None
    }

    fn complain(&self, address: SocketAddr, why: &str) {
        self.log
            .plain(&format_args!("http: TLS handshake error from {address}: {why}"));
    }

    async fn http1<T>(self: Arc<Self>, stream: Stream<T>, peer: Arc<Peer>, watcher: Watcher)
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(|request| {
            let (shared, peer) = (&self, &peer);
            async move { Ok::<_, Infallible>(shared.serving().site.answer(peer, request).await) }
        });
        let requests = Requests::new(stream, self.limits);
        let connection = http1::Builder::new()
            // What the client sends is read when a request is answered, so that it may close its
            // half.
            .half_close(true)
            .header_read_timeout(None)
            .max_buf_size(self.limits.header.max(8192))
            .serve_connection(TokioIo::new(requests), service);
        // Errors that end a connection were caused by the client or have been answered.
        let _ = watcher.watch(connection).await;
    }

    async fn http2<T>(self: Arc<Self>, stream: Stream<T>, peer: Arc<Peer>, stop: Stop, watcher: Watcher)
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Limits { header, request, .. } = self.limits;
        let begun = Arc::new(AtomicUsize::new(0));
        let unfinished = Arc::new(());
        let service = {
            let (begun, unfinished) = (Arc::clone(&begun), Arc::clone(&unfinished));
            service_fn(move |request| {
                begun.fetch_add(1, Ordering::Relaxed);
                let (shared, peer, unfinished) =
                    (Arc::clone(&self), Arc::clone(&peer), Arc::clone(&unfinished));
                async move {
                    let answer = shared.serving().site.answer(&peer, request).await;
                    drop(unfinished);
                    Ok::<_, Infallible>(answer)
                }
            })
        };
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(u32::try_from(header).unwrap_or(u32::MAX))
            .keep_alive_interval(request)
            .keep_alive_timeout(request)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let (mut is_ending, mut before) = (false, 0);
        loop {
            tokio::select! {
                _ = connection.as_mut() => break,
                () = stop.asked(), if !is_ending => {
                    connection.as_mut().graceful_shutdown();
                    is_ending = true;
                }
                // A client that asks for nothing is disconnected, though it answer pings.
                () = sleep(request) => {
                    let now = begun.load(Ordering::Relaxed);
                    // One is here, one is the service's.
                    let is_idle = now == before && Arc::strong_count(&unfinished) == 2;
                    before = now;
                    match (is_idle, is_ending) {
                        (false, _) => {}
                        (true, true) => break,
                        (true, false) => {
                            connection.as_mut().graceful_shutdown();
                            is_ending = true;
                        }
                    }
                }
            }
        }
        drop(watcher);
    }
}

const PLAIN_HTTP: &str = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/// Whether the client sends a request without TLS. Like Go, this decides by the first
/// bytes.
async fn speaks_plain_http(stream: &TcpStream) -> bool {
    let mut octets = [0; 5];
    let peeked = timeout(limits::HANDSHAKE, stream.peek(&mut octets));
    let Ok(Ok(5)) = peeked.await else {
        return false;
    };
    matches!(&octets, b"GET /" | b"HEAD " | b"POST " | b"PUT /" | b"OPTIO")
}

/// Sends a response and closes the connection. What the client still sends is read for a
/// while, because a reset could discard the response.
async fn say(mut stream: impl AsyncRead + AsyncWrite + Unpin, text: &str) {
    let said = async {
        stream.write_all(text.as_bytes()).await?;
        stream.shutdown().await?;
        let mut unread = [0; 4096];
        while stream.read(&mut unread).await? > 0 {}
        Ok::<_, std::io::Error>(())
    };
    let _ = timeout(limits::LINGER, said).await;
}
