//! A link that can be broken: a relay in this process, before the program's door or before its database.
//!
//! It can cut, reset, swallow (half-open: nobody ever hears of it), or hold everything for a while (a black hole that
//! ends: the bytes come late), and it can catch a connection at the one moment that matters: what was asked has been
//! done for good, and the answer is still on its way.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// Longest wait for something to be caught.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is behind the relay.
#[derive(Debug, Clone)]
pub(crate) enum Behind {
    /// The program's door: an answer is anything it says.
    Door(u16),
    /// PostgreSQL's socket: an answer is that a transaction, or a statement of its own, was committed.
    Database(PathBuf),
}

/// What happens to the connections there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// They pass everything on.
    Pass,
    /// They hold everything back until they pass again.
    Hold,
    /// They swallow everything from now on.
    Swallow,
    /// They end.
    Cut,
    /// They end with a reset.
    Reset,
}

/// A relay. Dropping it ends it and its connections.
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    _accepting: JoinSet<()>,
}

struct Shared {
    behind: Behind,
    /// The fate of the connections of this generation.
    fate: watch::Sender<watch::Receiver<Fate>>,
    current: std::sync::Mutex<watch::Sender<Fate>>,
    armed: AtomicBool,
    caught: Notify,
    broken: AtomicUsize,
}

impl Proxy {
    pub(crate) async fn before(behind: Behind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (current, fate) = watch::channel(Fate::Pass);
        let shared = Arc::new(Shared {
            behind,
            fate: watch::channel(fate).0,
            current: std::sync::Mutex::new(current),
            armed: AtomicBool::new(false),
            caught: Notify::new(),
            broken: AtomicUsize::new(0),
        });
        let mut accepting = JoinSet::new();
        let own = Arc::clone(&shared);
        accepting.spawn(async move {
            let mut relays = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                client.set_nodelay(true).unwrap();
                let shared = Arc::clone(&own);
                relays.spawn(async move { drop(shared.relay(client).await) });
                while relays.try_join_next().is_some() {}
            }
        });
        Self {
            port,
            shared,
            _accepting: accepting,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How many connections were broken by it.
    pub(super) fn broken(&self) -> usize {
        self.shared.broken.load(Ordering::SeqCst)
    }

    /// Ends every connection; new ones may come at once.
    pub(crate) fn cut(&self) {
        self.decide(Fate::Cut);
    }

    /// Ends every connection with a reset.
    pub(super) fn reset(&self) {
        self.decide(Fate::Reset);
    }

    /// From now on the connections there are swallow everything; new ones pass.
    pub(super) fn swallow(&self) {
        self.decide(Fate::Swallow);
    }

    /// Nothing moves for that long, on no connection; then everything does.
    pub(super) async fn hold(&self, time: Duration) {
        self.shared.current.lock().unwrap().send_replace(Fate::Hold);
        tokio::time::sleep(time).await;
        self.shared.current.lock().unwrap().send_replace(Fate::Pass);
    }

    /// Decides for the connections there are; those that come later belong to a new generation.
    fn decide(&self, decided: Fate) {
        let (next, fate) = watch::channel(Fate::Pass);
        let mut current = self.shared.current.lock().unwrap();
        self.shared.fate.send_replace(fate);
        current.send_replace(decided);
        *current = next;
    }

    /// Waits until something was done for good, and its answer lies here, passed on to nobody.
    pub(crate) async fn catch(&self) {
        self.shared.armed.store(true, Ordering::SeqCst);
        let caught = tokio::time::timeout(PATIENCE, self.shared.caught.notified());
        caught.await.expect("something is answered in time");
    }
}

impl Shared {
    async fn relay(self: Arc<Self>, client: TcpStream) -> io::Result<()> {
        let mut fate = self.fate.borrow().clone();
        match &self.behind {
            Behind::Door(port) => {
                let server = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], *port))).await?;
                server.set_nodelay(true)?;
                let (reader, writer) = server.into_split();
                self.between(client, reader, writer, &mut fate).await
            }
            Behind::Database(socket) => {
                let server = UnixStream::connect(socket).await?;
                let (reader, writer) = server.into_split();
                self.between(client, reader, writer, &mut fate).await
            }
        }
    }

    async fn between(
        &self,
        mut client: TcpStream,
        mut from_server: impl AsyncRead + Unpin,
        mut to_server: impl AsyncWrite + Unpin,
        fate: &mut watch::Receiver<Fate>,
    ) -> io::Result<()> {
        let mut watched = fate.clone();
        let ended = {
            let (mut from_client, mut to_client) = client.split();
            let asking = pass(&mut from_client, &mut to_server, fate.clone());
            let answering = self.answer(&mut from_server, &mut to_client, fate.clone());
            let decided = watched.wait_for(|fate| matches!(fate, Fate::Cut | Fate::Reset));
            tokio::select! {
                ended = asking => ended.map(|()| false),
                ended = answering => ended,
                _ = decided => Ok(true),
            }
        };
        if matches!(ended, Ok(true)) {
            self.broken.fetch_add(1, Ordering::SeqCst);
        }
        if *fate.borrow() == Fate::Reset {
            client.set_zero_linger()?;
        }
        ended.map(drop)
    }

    /// Passes on what the server says; true when the connection was caught and is to be broken.
    async fn answer(
        &self,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
        mut fate: watch::Receiver<Fate>,
    ) -> io::Result<bool> {
        let mut judge = Judge::of(&self.behind);
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = from.read(&mut buffer).await?;
            if *fate.borrow() == Fate::Swallow {
                silent_after(read).await;
                continue;
            }
            if read == 0 {
                return Ok(false);
            }
            if !is_passed_on(&mut fate).await {
                continue;
            }
            let done_for_good = judge.hear(&buffer[..read]);
            if done_for_good && self.armed.swap(false, Ordering::SeqCst) {
                self.caught.notify_one();
                // Whoever waits for this answer waits until something happens to the link, or to them.
                let broken = fate.wait_for(|fate| matches!(fate, Fate::Cut | Fate::Reset));
                drop(tokio::time::timeout(PATIENCE, broken).await);
                return Ok(true);
            }
            to.write_all(&buffer[..read]).await?;
        }
    }
}

async fn pass(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut fate: watch::Receiver<Fate>,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut buffer).await?;
        if *fate.borrow() == Fate::Swallow {
            silent_after(read).await;
            continue;
        }
        if read == 0 {
            return Ok(());
        }
        if is_passed_on(&mut fate).await {
            to.write_all(&buffer[..read]).await?;
        }
    }
}

/// Not even that a side has gone is told to the other.
async fn silent_after(read: usize) {
    if read == 0 {
        std::future::pending::<()>().await;
    }
}

/// Waits while everything is held; false for what is swallowed.
async fn is_passed_on(fate: &mut watch::Receiver<Fate>) -> bool {
    let decided = fate.wait_for(|fate| *fate != Fate::Hold).await;
    decided.is_ok_and(|fate| *fate != Fate::Swallow)
}

/// Tells from what the server says when something was done for good.
enum Judge {
    Door,
    /// What of a message has been heard, and whether a change was reported in it that is not settled yet.
    Database {
        heard: Vec<u8>,
        changed: bool,
    },
}

impl Judge {
    fn of(behind: &Behind) -> Self {
        match behind {
            Behind::Door(_) => Self::Door,
            Behind::Database(_) => Self::Database {
                heard: Vec::new(),
                changed: false,
            },
        }
    }

    /// Whether these bytes hold the answer to something done for good.
    fn hear(&mut self, bytes: &[u8]) -> bool {
        match self {
            Self::Door => bytes.starts_with(b"HTTP/1.1 204"),
            Self::Database { heard, changed } => {
                heard.extend_from_slice(bytes);
                let mut done = false;
                while let Some((kind, body)) = message(heard) {
                    match kind {
                        b'C' if [&b"COMMIT"[..], b"INSERT"]
                            .iter()
                            .any(|tag| body.starts_with(tag)) =>
                        {
                            *changed = true;
                        }
                        b'E' => *changed = false,
                        // Outside a transaction, so whatever was reported is committed.
                        b'Z' if body == b"I" => done |= std::mem::take(changed),
                        _ => {}
                    }
                }
                done
            }
        }
    }
}

/// The first whole message of PostgreSQL's, taken out.
fn message(heard: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    let length = u32::from_be_bytes(heard.get(1..5)?.try_into().ok()?);
    let end = 1 + usize::try_from(length).ok()?;
    let body = heard.get(5..end)?.to_vec();
    let kind = heard[0];
    heard.drain(..end);
    Some((kind, body))
}

#[test]
fn a_commit_is_told_from_a_statement_inside_a_transaction() {
    fn said(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[kind][..], &length, body].concat()
    }
    let mut judge = Judge::of(&Behind::Database(PathBuf::new()));
    assert!(!judge.hear(&[said(b'C', b"INSERT 0 3\0"), said(b'Z', b"T")].concat()));
    assert!(!judge.hear(&said(b'C', b"COMMIT\0")));
    let ready = said(b'Z', b"I");
    assert!(!judge.hear(&ready[..3]));
    assert!(judge.hear(&ready[3..]));
    assert!(!judge.hear(&[said(b'C', b"SELECT 1\0"), ready.clone()].concat()));
    assert!(judge.hear(&[said(b'C', b"INSERT 0 1\0"), ready].concat()));
}
