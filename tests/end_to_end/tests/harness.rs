//! The harness detects what it should, on a test page that does everything wrong.

use std::fs;
use std::time::Duration;

use anyhow::Result;
use end_to_end::{Options, Visit, pictures};

const PAGE: &str = r#"<!doctype html><html lang="en"><title>Wrong</title>
<p data-testid="status" data-status="idle">Idle</p> <p data-testid="perplexity">1,234.5 or so</p>
<ul data-testid="samples"><li data-epoch="1">one</li><li data-epoch="2">two</li></ul>
<label>Prefix <input value="old"></label> <button aria-label="Go">→</button> <p data-testid="generated"></p>
<script src="missing.js"></script> <img alt="" src="http://page.invalid/picture.png">
<script>new Worker(URL.createObjectURL(new Blob(["fetch('http://worker.invalid/')"])))</script>
<script>
    let work = 1;
    const find = selector => document.querySelector(selector);
    find("button").onclick = () => {
        find("[data-testid=generated]").textContent = find("input").value;
        find("[data-testid=status]").dataset.status = "finished";
        // As much work for the processor on a busy machine as on an idle one.
        for (let i = 0; i < 4e8; i++) work = (work * 3 + i) | 0;
        console.error("this is wrong");
    };
</script>"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_harness_sees_what_goes_wrong() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("time-traveller-harness-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("index.html"), PAGE)?;
    let visit = Visit::start_with(Options { folder: folder.clone(), trace: true, ..Options::default() }).await?;
    visit.open("#hidden=1").await?;

    assert_eq!(visit.status().await?, "idle");
    assert_eq!(visit.number("perplexity").await?, 1234.5);
    assert_eq!(visit.samples().await?, [(1, "one".to_owned()), (2, "two".to_owned())]);
    assert!(visit.text("device").await.is_err());
    assert!(visit.click("Stop").await.is_err());

    let barriers = visit.check_accessibility("here").await.unwrap_err().to_string();
    assert!(barriers.contains("landmark-one-main"), "{barriers}");

    visit.watch_frames().await?;
    visit.type_into("Prefix", "new").await?;
    visit.click("Go").await?;
    visit.wait_for_status("finished", Duration::from_secs(60)).await?;
    assert_eq!(visit.text("generated").await?, "new");
    let drawn = async || Ok(visit.frames().await?.count > 0);
    visit.wait_until("a frame", Duration::from_secs(10), drawn).await?;
    let tasks = visit.tasks().await?;
    assert!(tasks[0].processor >= 100.0 && tasks[0].wall >= tasks[0].processor, "{:?}", tasks[0]);
    assert!(tasks.len() > 1 && tasks[1].processor < 50.0, "{:?}", tasks[1]);

    // A worker's requests too.
    let mut foreign = visit.foreign_requests();
    foreign.sort();
    assert_eq!(foreign, ["GET http://page.invalid/picture.png", "GET http://worker.invalid/"]);

    // The missing script, and the page's own error.
    let errors = visit.console_errors().await?;
    assert!(errors.iter().any(|error| error.contains("missing.js")), "{errors:?}");
    assert!(errors.iter().any(|error| error.contains("this is wrong")), "{errors:?}");
    let unclean = visit.check_clean().await.unwrap_err().to_string();
    assert!(unclean.contains("404 Not Found /some/path/missing.js"), "{unclean}");
    let late = visit.wait_for_status("training", Duration::from_millis(200)).await.unwrap_err().to_string();
    assert!(late.contains("“training”") && late.contains("“finished”"), "{late}");

    // The screenshot of the intended failure.
    fs::remove_file(pictures()?.join("failure.png"))?;
    fs::remove_dir_all(folder)?;
    Ok(())
}
