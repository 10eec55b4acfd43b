//! Progress of long work: a bar on a terminal, a plain line for every tenth elsewhere.

use std::io::Write;

use indicatif::{ProgressBar, ProgressStyle};

use super::error::Result;

/// Where the stand-in tells what it does.
pub type Out<'a> = &'a mut (dyn Write + Send);

/// The progress of one piece of work.
pub(super) struct Progress<'a> {
    name: &'static str,
    out: Out<'a>,
    bar: Option<ProgressBar>,
    tenths: u64,
}

impl<'a> Progress<'a> {
    pub(super) fn new(name: &'static str, terminal: bool, out: Out<'a>) -> Self {
        let bar = terminal.then(|| {
            let bar = ProgressBar::new(0).with_message(name);
            let style =
                ProgressStyle::with_template("{msg:32} {bar:30} {pos}/{len} {per_sec} {eta}");
            if let Ok(style) = style {
                bar.with_style(style)
            } else {
                bar
            }
        });
        Self {
            name,
            out,
            bar,
            tenths: 0,
        }
    }

    /// Notes how far it is. A line that cannot be written is not worth stopping for.
    pub(super) fn at(&mut self, done: u64, total: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
            return;
        }
        let tenths = (done * 10).checked_div(total).unwrap_or(10);
        if tenths > self.tenths {
            self.tenths = tenths;
            let _unwritten = writeln!(self.out, "{}: {done} of {total}", self.name);
        }
    }

    /// Ends with a line that stays.
    pub(super) fn end(self, line: &str) -> Result<()> {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        Ok(writeln!(self.out, "{}: {line}", self.name)?)
    }
}
