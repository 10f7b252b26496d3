//! The oracle of SGD with momentum.

use crate::kernels::sgd::{decayed, set_metrics, updated};
use crate::network::oracle::{Memory, Oracles};

pub const ORACLES: Oracles = &[("momentum_update", momentum_update)];

/// `v = momentum · v + clip_factor · dw + weight_decay · w`, `w -= learning_rate · v` for all parameters.
fn momentum_update(m: &mut Memory, _: usize) {
    let (factor, rate, momentum) = (set_metrics(m), m.learning_rate, f64::from(m.network.momentum));
    for param in m.network.params() {
        let state = format!("velocity.{}", param.name);
        let g = decayed(m, &param.name, m.get(&param.name), factor);
        m.set(&state, m.get(&state).iter().zip(g).map(|(v, g)| momentum * v + g).collect());
    }
    updated(m, |m, name, w| w.iter().zip(m.get(&format!("velocity.{name}"))).map(|(w, v)| w - rate * v).collect());
}
