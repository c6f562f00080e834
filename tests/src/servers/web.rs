//! A small web server.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Result;
use rustls::{ServerConnection, StreamOwned};

use crate::made::Made;

/// The contents of a path.
#[derive(Debug, Clone)]
enum Page {
    Body(Vec<u8>),
    MovedTo(String),
    Tunnel,
}

type Pages = Arc<Mutex<HashMap<String, Page>>>;

/// Pages by path, and a record of requests. It is also a proxy, which opens tunnels to
/// itself for destinations that are [allowed](Web::tunnel).
#[derive(Debug)]
pub struct Web {
    address: SocketAddr,
    pages: Pages,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    /// A server without pages, on a port of 127.0.0.1.
    ///
    /// # Errors
    /// The system's error.
    pub fn open() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let web = Web {
            address: listener.local_addr()?,
            pages: Arc::default(),
            asked: Arc::default(),
        };
        let (pages, asked) = (Arc::clone(&web.pages), Arc::clone(&web.asked));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = answer(stream, &pages, &asked);
            }
        });
        Ok(web)
    }

    /// Serves the same pages over TLS on another port; returns the URL of a path there.
    ///
    /// # Errors
    /// The error of the system or of rustls.
    pub fn open_tls(&self, chain: &[&Made]) -> Result<impl Fn(&str) -> String + use<>> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let config = super::server_config(chain, rustls::ALL_VERSIONS)?;
        let (pages, asked) = (Arc::clone(&self.pages), Arc::clone(&self.asked));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Ok(connection) = ServerConnection::new(Arc::clone(&config)) {
                    let _ = answer(StreamOwned::new(connection, stream), &pages, &asked);
                }
            }
        });
        Ok(move |path: &str| format!("https://{address}{path}"))
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Adds a page at a path.
    pub fn put(&self, path: &str, body: impl Into<Vec<u8>>) {
        self.set(path, Page::Body(body.into()));
    }

    /// Redirects requests for a path to another URL.
    pub fn redirect(&self, path: &str, to: &str) {
        self.set(path, Page::MovedTo(to.to_owned()));
    }

    /// Lets clients that use it as a proxy open a tunnel to `host:port`, which leads here.
    pub fn tunnel(&self, to: &str) {
        self.set(to, Page::Tunnel);
    }

    fn set(&self, path: &str, page: Page) {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.insert(path.to_owned(), page);
    }

    /// The paths requested since the last call.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn answer<S: Read + Write>(stream: S, pages: &Pages, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        if header.trim().is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    let mut stream = reader.into_inner();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let page = pages
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&path)
        .cloned();
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(path);
    let (status, body) = match page {
        Some(Page::Body(body)) => ("200 OK".to_owned(), body),
        Some(Page::MovedTo(url)) => (format!("302 Found\r\nLocation: {url}"), Vec::new()),
        Some(Page::Tunnel) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
            return answer(stream, pages, asked);
        }
        None => ("404 Not Found".to_owned(), Vec::new()),
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body)?;
    stream.flush()
}
