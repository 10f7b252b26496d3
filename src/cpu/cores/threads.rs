//! Threads that run operations together.

use std::cell::UnsafeCell;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicU32, Ordering::*};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use dense::{Memory, Op};

/// Threads that live as long as this.
pub struct Threads {
    team: Arc<Team>,
    helpers: Vec<JoinHandle<()>>,
    /// Held by the thread that has operations run.
    busy: Mutex<()>,
}

/// What the threads share.
struct Team {
    barrier: Barrier,
    /// The operations to run next; `None` at the end. Written by the first thread while the others wait.
    job: UnsafeCell<Option<Job>>,
}

// SAFETY: the barrier keeps the writer of `job` and its readers apart.
unsafe impl Sync for Team {}
// SAFETY: as above; what `job` points to lives until all threads have met again.
unsafe impl Send for Team {}

#[derive(Clone, Copy)]
struct Job {
    ops: *const [Op],
    memory: Memory,
}

impl Threads {
    /// This many threads, the one that calls [`Threads::run`] included.
    pub fn new(threads: usize) -> Self {
        let team = Arc::new(Team { barrier: Barrier::new(threads), job: UnsafeCell::new(None) });
        let helper = |thread| {
            let team = team.clone();
            let builder = thread::Builder::new().name(format!("core {thread}"));
            builder.spawn(move || team.help(thread)).expect("the system starts a thread")
        };
        let helpers = (1..threads).map(helper).collect();
        Self { team, helpers, busy: Mutex::new(()) }
    }

    /// As many threads as the machine runs at once.
    pub fn most() -> usize {
        thread::available_parallelism().map_or(1, usize::from)
    }

    pub fn count(&self) -> usize {
        self.team.barrier.threads as usize
    }

    /// Runs operations on a memory, and returns when all threads are done.
    pub fn run(&self, ops: &[Op], memory: Memory) {
        let _busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let job = Job { ops, memory };
        if self.count() == 1 {
            return self.team.work(job, 0);
        }
        self.team.give(Some(job));
        self.team.work(job, 0);
        self.team.barrier.wait();
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if !self.helpers.is_empty() {
            self.team.give(None);
        }
        for helper in self.helpers.drain(..) {
            _ = helper.join();
        }
    }
}

impl Team {
    /// Gives the helpers something to do.
    fn give(&self, job: Option<Job>) {
        // SAFETY: all helpers wait at the barrier, and read it only behind that.
        unsafe { *self.job.get() = job };
        self.barrier.wait();
    }

    fn work(&self, job: Job, thread: usize) {
        /// Others would wait for ever for a thread that has panicked.
        struct Abort(u32);
        impl Drop for Abort {
            fn drop(&mut self) {
                if thread::panicking() && self.0 > 1 {
                    std::process::abort();
                }
            }
        }
        let threads = self.barrier.threads;
        let _abort = Abort(threads);
        let place = dense::Place { thread, threads: threads as usize };
        // SAFETY: the caller of `Threads::run` keeps the operations until all threads have met again.
        dense::run(unsafe { &*job.ops }, job.memory, place, || {
            self.barrier.wait();
            true
        });
    }

    fn help(&self, thread: usize) {
        loop {
            self.barrier.wait();
            // SAFETY: written before the barrier, and not again before the next.
            let Some(job) = (unsafe { *self.job.get() }) else { return };
            self.work(job, thread);
            self.barrier.wait();
        }
    }
}

/// Where threads meet: each waits until all have come. Waiting is spinning for a while, then sleeping.
struct Barrier {
    threads: u32,
    spins: u32,
    arrived: AtomicU32,
    round: AtomicU32,
    sleepers: AtomicU32,
    lock: Mutex<()>,
    wake: Condvar,
}

/// Some 50 µs: most barriers are met within less, and a thread that sleeps takes as long to wake.
const SPINS: u32 = 3000;

impl Barrier {
    fn new(threads: usize) -> Self {
        let cores = Threads::most();
        Self {
            threads: threads as u32,
            // With more threads than cores the one waited for may need this core.
            spins: if threads <= cores { SPINS } else { 0 },
            arrived: AtomicU32::new(0),
            round: AtomicU32::new(0),
            sleepers: AtomicU32::new(0),
            lock: Mutex::new(()),
            wake: Condvar::new(),
        }
    }

    fn wait(&self) {
        let round = self.round.load(Acquire);
        if self.arrived.fetch_add(1, AcqRel) + 1 == self.threads {
            self.arrived.store(0, Relaxed);
            self.round.store(round.wrapping_add(1), SeqCst);
            if self.sleepers.load(SeqCst) > 0 {
                let _lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
                self.wake.notify_all();
            }
            return;
        }
        for _ in 0..self.spins {
            if self.round.load(Acquire) != round {
                return;
            }
            spin_loop();
        }
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.sleepers.fetch_add(1, SeqCst);
        while self.round.load(SeqCst) == round {
            lock = self.wake.wait(lock).unwrap_or_else(PoisonError::into_inner);
        }
        self.sleepers.fetch_sub(1, SeqCst);
    }
}
