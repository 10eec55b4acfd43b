//! History from a file or a stream: one envelope a line, compressed with gzip or not.
//!
//! A thread of its own reads ahead by one chunk, so that a stream that says nothing keeps nobody from stopping.
//! Deliberately absent: judging what a line says.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, bail};
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::source::{CHUNK, Piece};
use crate::actions::backfill::{Body, Chunk, Item, Mark};

/// So much of the beginning tells one source from another.
const HEAD_BYTES: u64 = 64 << 10;
/// A chunk has no more bytes than this, one longer line aside.
const CHUNK_BYTES: usize = 4 << 20;
/// A longer line is no delivery; the webhook's door takes no more either.
const LINE_BYTES_MAX: usize = 1 << 20;
const GZIP: &[u8] = &[0x1f, 0x8b];
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A source of lines that was found and not read yet.
pub(super) struct Lines {
    /// For people.
    pub(super) label: String,
    /// Tells it from other sources.
    pub(super) identity: String,
    /// Its length in bytes as it is stored, where that is known.
    pub(super) length: Option<u64>,
    input: Input,
    compressed: bool,
}

enum Input {
    File(File),
    Stream(Box<dyn Read + Send + Sync>),
}

impl Lines {
    /// Opens a file, or standard input by the name `-`.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().into_owned();
        if path.as_os_str() == "-" {
            let stdin = Box::new(io::stdin());
            return Self::of("standard input".to_owned(), stdin, None, None);
        }
        let shown = path.display();
        let mut file = File::open(path).with_context(|| {
            format!("{shown} cannot be opened; name an NDJSON file, or - for standard input")
        })?;
        let about = file
            .metadata()
            .with_context(|| format!("{shown} cannot be looked at"))?;
        if about.is_dir() {
            bail!("{shown} is a folder; name an NDJSON file in it");
        }
        if !about.is_file() {
            return Self::of(name, Box::new(file), None, None);
        }
        let mut head = Vec::new();
        (&mut file).take(HEAD_BYTES).read_to_end(&mut head)?;
        file.seek(SeekFrom::Start(0))?;
        Self::of(
            name,
            Box::new(Cursor::new(head)),
            Some(about.len()),
            Some(file),
        )
    }

    fn of(
        label: String,
        mut begins: Box<dyn Read + Send + Sync>,
        length: Option<u64>,
        file: Option<File>,
    ) -> anyhow::Result<Self> {
        let mut head = Vec::new();
        (&mut begins)
            .take(HEAD_BYTES)
            .read_to_end(&mut head)
            .with_context(|| format!("{label} cannot be read"))?;
        let mut hash = Sha256::new();
        hash.update(length.unwrap_or(u64::MAX).to_be_bytes());
        hash.update(&head);
        let compressed = head.starts_with(GZIP);
        Ok(Self {
            label,
            identity: hex::encode(hash.finalize()),
            length,
            compressed,
            input: match file {
                Some(file) => Input::File(file),
                None => Input::Stream(Box::new(Cursor::new(head).chain(begins))),
            },
        })
    }

    /// Reads on behind `mark`. Ends early, without an error, when nobody wants to know any more.
    pub(super) fn read(self, mark: &Mark) -> anyhow::Result<Receiver<anyhow::Result<Piece>>> {
        let (lines, bytes) = match mark {
            Mark::Start => (0, 0),
            Mark::Line { lines, bytes } => (*lines, *bytes),
            Mark::Event { .. } => bail!("this run was of an event log; begin again with --restart"),
        };
        let done = Arc::new(AtomicU64::new(0));
        let counted = |read| Counted {
            read,
            bytes: Arc::clone(&done),
        };
        let mut skip = bytes;
        let raw: Box<dyn Read + Send + Sync> = match self.input {
            Input::File(mut file) if !self.compressed => {
                file.seek(SeekFrom::Start(bytes))?;
                done.store(bytes, Ordering::Relaxed);
                skip = 0;
                Box::new(counted(Box::new(file)))
            }
            Input::File(file) => Box::new(counted(Box::new(file))),
            Input::Stream(stream) => Box::new(counted(stream)),
        };
        let input: Box<dyn Read + Send + Sync> = if self.compressed {
            Box::new(MultiGzDecoder::new(BufReader::new(raw)))
        } else {
            raw
        };
        let reader = Reader {
            input: BufReader::with_capacity(256 << 10, input),
            label: self.label,
            lines,
            bytes,
            done,
        };
        let (sender, receiver) = channel(1);
        std::thread::Builder::new()
            .name("backfill lines".to_owned())
            .spawn(move || reader.run(skip, &sender))?;
        Ok(receiver)
    }
}

/// Counts what is read as it is stored, so that progress is known of a compressed file too.
struct Counted {
    read: Box<dyn Read + Send + Sync>,
    bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.read.read(into)?;
        self.bytes.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// A line of the source.
enum Line {
    Says(Body),
    Blank,
    End,
}

struct Reader<R> {
    input: R,
    label: String,
    lines: u64,
    bytes: u64,
    done: Arc<AtomicU64>,
}

impl<R: BufRead> Reader<R> {
    fn run(mut self, skip: u64, to: &Sender<anyhow::Result<Piece>>) {
        let skipped = io::copy(&mut (&mut self.input).take(skip), &mut io::sink());
        let skipped = skipped.map_err(anyhow::Error::from).and_then(|skipped| {
            anyhow::ensure!(
                skipped == skip,
                "{} is shorter than what was read of it before; is it the same? To begin again: --restart",
                self.label
            );
            Ok(())
        });
        if let Err(error) = skipped {
            to.blocking_send(Err(error)).ok();
            return;
        }
        loop {
            let (piece, failure) = self.piece();
            let ends = failure.is_none() && piece.chunk.items.is_empty();
            // What was read before a failure still counts.
            if !ends && to.blocking_send(Ok(piece)).is_err() {
                return;
            }
            if let Some(error) = failure {
                let at = format!(
                    "{} cannot be read behind line {}; what stands before is in",
                    self.label, self.lines
                );
                to.blocking_send(Err(anyhow::Error::new(error).context(at)))
                    .ok();
                return;
            }
            if ends {
                return;
            }
        }
    }

    fn piece(&mut self) -> (Piece, Option<io::Error>) {
        let (mut items, mut size, mut failure) = (Vec::new(), 0, None);
        while items.len() < CHUNK && size < CHUNK_BYTES {
            match self.line() {
                Ok(Line::Blank) => {}
                Ok(Line::Says(body)) => {
                    if let Body::Envelope(body) = &body {
                        size += body.len();
                    }
                    items.push(Item {
                        place: format!("{:020}", self.lines),
                        origin: format!("line {}", self.lines),
                        body,
                    });
                }
                Ok(Line::End) => break,
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        let next = Mark::Line {
            lines: self.lines,
            bytes: self.bytes,
        };
        let chunk = Chunk {
            items,
            next,
            unlistened: 0,
        };
        let done = self.done.load(Ordering::Relaxed);
        (Piece { chunk, done }, failure)
    }

    fn line(&mut self) -> io::Result<Line> {
        let mut line = Vec::new();
        let most = LINE_BYTES_MAX as u64 + 1;
        let read = (&mut self.input).take(most).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(Line::End);
        }
        self.bytes += read as u64;
        self.lines += 1;
        if read > LINE_BYTES_MAX && line.last() != Some(&b'\n') {
            self.skip_line()?;
            return Ok(Line::Says(Body::TooLarge {
                bytes_max: LINE_BYTES_MAX,
            }));
        }
        let mut text = line.as_slice();
        if self.lines == 1 {
            text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        }
        let text = text.trim_ascii();
        Ok(if text.is_empty() {
            Line::Blank
        } else {
            Line::Says(Body::Envelope(text.to_vec()))
        })
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.input.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let n = end.map_or(buffer.len(), |at| at + 1);
            self.input.consume(n);
            self.bytes += n as u64;
            if end.is_some() || n == 0 {
                return Ok(());
            }
        }
    }
}
