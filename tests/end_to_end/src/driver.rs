//! chromedriver as a child process: started on a free port; when dropped, it closes its browsers and ends.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use sysinfo::{Pid, ProcessesToUpdate, System};

pub struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    /// Starts `CHROMEDRIVER`, or the chromedriver on the PATH.
    pub fn start() -> Result<Self> {
        let program = env::var_os("CHROMEDRIVER").unwrap_or_else(|| "chromedriver".into());
        let mut child = Command::new(&program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{} could not be started: run `cargo xtask test`", program.display()))?;
        let output = child.stdout.take().context("the driver has no output")?;
        match announced_port(BufReader::new(output)) {
            Ok(port) => Ok(Self { child, port }),
            Err(error) => {
                let _ = child.kill();
                Err(error)
            }
        }
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
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

    /// Requests chromedriver's shutdown, which closes its browsers.
    fn request_shutdown(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", self.port)?;
        stream.read_to_end(&mut Vec::new())?;
        Ok(())
    }
}

impl Drop for Driver {
    /// Requests a shutdown first: a killed driver would leave its browsers running.
    fn drop(&mut self) {
        let _ = self.request_shutdown();
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads “ChromeDriver was started successfully on port 41233.”, and continues to read in a thread, so that the driver
/// never blocks on its output.
fn announced_port(mut output: impl BufRead + Send + 'static) -> Result<u16> {
    let mut line = String::new();
    loop {
        line.clear();
        if output.read_line(&mut line)? == 0 {
            bail!("chromedriver ended before it had started");
        }
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            let port = port.trim().trim_end_matches('.').parse()?;
            thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
            return Ok(port);
        }
    }
}

/// The browser's capabilities, with these extra flags.
pub fn capabilities(flags: &[String]) -> Map<String, Value> {
    // The last one: the browser would crash where shared memory is small, as in containers.
    let mut args: Vec<&str> = vec!["headless=new", "no-first-run", "window-size=1280,1000", "disable-dev-shm-usage"];
    if is_root() {
        args.push("no-sandbox");
    }
    args.extend(flags.iter().map(String::as_str));
    let mut options = json!({ "args": args });
    if let Ok(chrome) = env::var("CHROME") {
        options["binary"] = chrome.into();
    }
    let mut capabilities = Map::new();
    capabilities.insert("browserName".into(), "chrome".into());
    capabilities.insert("goog:chromeOptions".into(), options);
    capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL" }));
    capabilities
}

/// Chrome's sandbox does not start for root.
#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
