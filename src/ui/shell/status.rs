//! The page's status in words.

use crate::ui::language::Words;
use crate::ui::language::words::perplexity;
use crate::ui::runs::state::{RunState, Status};

/// The status shown in the bar.
pub fn status(w: &Words, state: &RunState) -> &'static str {
    match state.status {
        Status::Loading if state.worker.ready() => w.preparing_run,
        // The worker opens the GPU first.
        Status::Loading if state.worker.device.is_some() => w.loading_text,
        Status::Loading if state.worker.there => w.looking_for_gpu,
        Status::Loading => w.loading,
        Status::Idle => w.ready,
        Status::Training => w.training,
        Status::Paused => w.paused,
        Status::Finished => w.finished,
        Status::Failed => w.failed,
    }
}

/// The title of the tab: epoch and perplexity of the run, then the page's name.
pub fn title(state: &RunState) -> String {
    match (state.live(), state.figures.perplexity) {
        (Some(_), Some(value)) => format!("{} · {} – Time Traveller", state.figures.epoch, perplexity(value)),
        _ => "Time Traveller".to_owned(),
    }
}

/// What the visitor can do to get WebGPU in this browser.
pub fn webgpu_advice(w: &Words, user_agent: &str, secure: bool) -> &'static str {
    let says = |name: &str| user_agent.contains(name);
    if !secure {
        w.advice_insecure
    } else if says("Firefox/") {
        w.advice_firefox
    } else if says("Chrome/") {
        if says("Linux") && !says("Android") { w.advice_chrome_linux } else { w.advice_chrome }
    } else if says("Safari/") {
        w.advice_safari
    } else {
        w.advice_chrome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::language::ENGLISH;

    #[test]
    fn the_advice_is_the_browsers() {
        let advice = |agent| webgpu_advice(&ENGLISH, agent, true);
        assert!(
            advice("Mozilla/5.0 (X11; Linux x86_64) … Chrome/156.0 Safari/537.36").contains("enable-unsafe-webgpu")
        );
        assert!(advice("Mozilla/5.0 (Windows NT 10.0) … Chrome/120.0 Safari/537.36").contains("127"));
        assert!(advice("Mozilla/5.0 (Linux; Android 14) … Chrome/120.0 Safari/537.36").contains("127"));
        assert!(advice("Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0").contains("Firefox 141"));
        assert!(advice("Mozilla/5.0 (Macintosh) … Version/17.4 Safari/605.1.15").contains("Safari 26"));
        assert!(webgpu_advice(&ENGLISH, "Chrome/156", false).contains("localhost"));
    }
}
