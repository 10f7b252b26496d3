//! An address that people may have kept.

use time_traveller::model::Config;
use time_traveller::model::config::{Cleaning, EngineChoice, Sampling, StateMode};
use time_traveller::ui::settings::address;

const ADDRESS: &str = "#hidden=48&batch=7&steps=11&epochs=9&lr=0.25&clip=0.5&tokens=700&sampling=random&state=reset\
                       &seed=4294967295&engine=cpu&cleaning=verbatim&kinds=1234&validation=56&window-offset=10\
                       &text=https%3A%2F%2Fexample.org%2Fa%3Fb%3Dc&autostart=1";

/// The settings in [`ADDRESS`].
fn of_the_address() -> Config {
    Config {
        hidden: 48,
        batch: 7,
        steps: 11,
        epochs: 9,
        lr: 0.25,
        clip: 0.5,
        tokens: 700,
        sampling: Sampling::Random,
        state: StateMode::Reset,
        seed: 4_294_967_295,
        engine: EngineChoice::Cpu,
        cleaning: Cleaning::Verbatim,
        vocab: 1234,
        validation: 56,
        ..Config::default()
    }
}

#[test]
fn an_address_of_that_day_means_what_it_meant() {
    let form = address::read(ADDRESS);
    assert_eq!((form.config(), form.window_offset()), (Ok(of_the_address()), Some(10)));
    assert_eq!(address::text(ADDRESS).as_deref(), Some("https://example.org/a?b=c"));
    assert!(address::autostart(ADDRESS));
    let config = address::read("#sampling=sequential&state=carry&engine=gpu&cleaning=book").config().unwrap();
    assert_eq!(config, Config { engine: EngineChoice::Gpu, ..Config::default() });
    let engine = address::read("#engine=auto").config().unwrap();
    assert_eq!(engine, Config::default());
}
