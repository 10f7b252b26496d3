//! Several threads: each is a worker with an instance of the module and a stack of its own, on one memory.

use core::cell::UnsafeCell;
use core::hint::spin_loop;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicU32, Ordering::*};

use crate::Job;

/// The most threads.
const MOST: usize = 64;

/// Bytes of a helper's stack: operations need little.
const STACK: usize = 32 << 10;

/// Rounds of a loop of some ten nanoseconds before a thread sleeps.
const SPINS: u32 = 100_000;

unsafe extern "C" {
    /// `Atomics.wait`: sleeps while the word has this value; returns whether the time was over.
    fn wait(word: *const AtomicU32, value: u32, milliseconds: f64) -> bool;
    /// `Atomics.notify`: wakes all that sleep at the word.
    fn wake(word: *const AtomicU32);
}

/// What the threads share. It lies in the module's data, which are written once for all instances.
struct Team {
    threads: AtomicU32,
    arrived: AtomicU32,
    round: AtomicU32,
    sleepers: AtomicU32,
    /// Written by the first thread while the others wait.
    job: UnsafeCell<Job>,
}

// SAFETY: rounds keep the writer of `job` and its readers apart.
unsafe impl Sync for Team {}

static TEAM: Team = Team {
    threads: AtomicU32::new(1),
    arrived: AtomicU32::new(0),
    round: AtomicU32::new(0),
    sleepers: AtomicU32::new(0),
    job: UnsafeCell::new(Job { ops: null(), count: 0, base: null_mut(), words: 0 }),
};

#[repr(C, align(16))]
struct Stacks(UnsafeCell<[[u8; STACK]; MOST]>);

// SAFETY: each thread uses its own.
unsafe impl Sync for Stacks {}

static STACKS: Stacks = Stacks(UnsafeCell::new([[0; STACK]; MOST]));

/// The end of a helper's stack, from which it grows downwards.
#[unsafe(no_mangle)]
pub extern "C" fn stack(thread: usize) -> *const u8 {
    STACKS.0.get().cast::<u8>().wrapping_add((thread % MOST + 1) * STACK)
}

/// Sets the number of threads, the first included, before any of them helps.
#[unsafe(no_mangle)]
pub extern "C" fn set_threads(threads: u32) {
    TEAM.threads.store(threads, SeqCst);
}

/// Works whenever the first thread has something to do, for ever.
#[unsafe(no_mangle)]
pub extern "C" fn help(thread: usize) {
    loop {
        meet(f64::INFINITY);
        work(thread, f64::INFINITY);
        meet(f64::INFINITY);
    }
}

/// [`run`](crate::run) on all threads.
pub fn run(job: Job, milliseconds: f64) -> bool {
    // SAFETY: the helpers wait for the next round.
    unsafe { *TEAM.job.get() = job };
    meet(milliseconds) && work(0, milliseconds) && meet(milliseconds)
}

/// A thread's share of the job; false if another has not come within the time.
fn work(thread: usize, milliseconds: f64) -> bool {
    // SAFETY: written before the last round began, and not again before the next.
    let job = unsafe { *TEAM.job.get() };
    let place = dense::Place { thread, threads: TEAM.threads.load(Relaxed) as usize };
    // SAFETY: the caller of `run` keeps them until all threads have met again.
    dense::run(unsafe { job.ops() }, job.memory(), place, || meet(milliseconds))
}

/// Waits until all threads have come, or one has not within the time: then it returns false.
fn meet(milliseconds: f64) -> bool {
    let Team { threads, arrived, round, sleepers, .. } = &TEAM;
    let this = round.load(Acquire);
    if arrived.fetch_add(1, AcqRel) + 1 == threads.load(Relaxed) {
        arrived.store(0, Relaxed);
        round.store(this.wrapping_add(1), SeqCst);
        if sleepers.load(SeqCst) > 0 {
            // SAFETY: a word of the memory.
            unsafe { wake(round) };
        }
        return true;
    }
    for _ in 0..SPINS {
        if round.load(Acquire) != this {
            return true;
        }
        spin_loop();
    }
    sleepers.fetch_add(1, SeqCst);
    let mut in_time = true;
    while in_time && round.load(SeqCst) == this {
        // SAFETY: a word of the memory.
        in_time = !unsafe { wait(round, this, milliseconds) };
    }
    sleepers.fetch_sub(1, SeqCst);
    in_time
}
