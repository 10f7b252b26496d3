//! A browser's driver as a child process, on a free port; when dropped, it closes its browser and ends.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use sysinfo::{Pid, ProcessesToUpdate, System};

use crate::Browser;

/// Time for a driver to start on a busy machine, and for its browser to end.
const START: Duration = Duration::from_secs(60);
const END: Duration = Duration::from_secs(10);

pub struct Driver {
    child: Child,
    port: u16,
    /// The session to be ended.
    session: Option<String>,
    _display: Option<Display>,
}

impl Driver {
    /// Starts the browser's driver. What browsers keep at home, other than Chromium, goes to `home`: WebKitGTK's
    /// downloads too.
    pub fn start(browser: Browser, home: &Path) -> Result<Self> {
        let program = browser.driver();
        // Not every driver can choose a port and say which.
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let display = browser.needs_display().then(Display::start).transpose()?;
        let mut command = Command::new(&program);
        command.arg(format!("--port={port}")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if browser != Browser::Chromium {
            command.env("HOME", home);
        }
        command.envs(display.as_ref().map(|display| ("DISPLAY", &display.name)));
        let child = command
            .spawn()
            .with_context(|| format!("{} could not be started: run `cargo xtask test`", program.display()))?;
        let mut driver = Self { child, port, session: None, _display: display };
        driver.wait_for_port().with_context(|| format!("{} does not answer", program.display()))?;
        Ok(driver)
    }

    fn wait_for_port(&mut self) -> Result<()> {
        let deadline = Instant::now() + START;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            ensure!(self.child.try_wait()?.is_none(), "it ended before it had started");
            ensure!(Instant::now() < deadline, "waited {START:?}");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Names the session that ends with the driver.
    pub fn holds(&mut self, session: Option<String>) {
        self.session = session;
    }

    /// Kills the driver's descendant processes, that is, the browser, by their process ids.
    pub fn kill_browser(&self) {
        let mut system = System::new();
        system.refresh_processes(ProcessesToUpdate::All, true);
        let mut family = vec![Pid::from_u32(self.child.id())];
        let mut known = 0;
        while known < family.len() {
            let parent = family[known];
            let children = system.processes().values().filter(|process| process.parent() == Some(parent));
            family.extend(children.filter(|child| child.thread_kind().is_none()).map(|child| child.pid()));
            known += 1;
        }
        for process in family[1..].iter().filter_map(|pid| system.process(*pid)) {
            process.kill();
        }
    }

    /// Ends the session, which closes the browser and removes its temporary profile.
    fn end_session(&self, session: &str) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(END))?;
        let host = format!("127.0.0.1:{}", self.port);
        write!(stream, "DELETE /session/{session} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
        // The first bytes of the answer will do: not every driver closes the connection.
        stream.read(&mut [0; 64]).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(session) = &self.session {
            let _ = self.end_session(session);
        }
        // A killed driver would leave running what has not ended by itself.
        self.kill_browser();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An X server without a screen; it ends when dropped.
struct Display {
    child: Child,
    name: String,
}

impl Display {
    fn start() -> Result<Self> {
        let program = env::var_os("XVFB").unwrap_or_else(|| "Xvfb".into());
        let child = Command::new(program)
            .args(["-displayfd", "1", "-screen", "0", "1600x1200x24", "-nolisten", "tcp", "-noreset"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb could not be started: run `cargo xtask test`")?;
        let mut display = Self { child, name: String::new() };
        let output = display.child.stdout.as_mut().context("Xvfb has no output")?;
        let mut number = String::new();
        BufReader::new(output).read_line(&mut number)?;
        ensure!(!number.trim().is_empty(), "Xvfb ended before it had started");
        display.name = format!(":{}", number.trim());
        Ok(display)
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
