//! What a link of a lesson does.

use crate::model::config::decimal;
use crate::ui::inside::look::View;

/// What a link does.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Sets settings of the form, by their keys.
    Set(Vec<(String, String)>),
    Do(Deed),
    See(Place),
    /// Sets the factor of the state's weights.
    Scale(f32),
    /// Moves to an epoch of the run.
    Epoch(u32),
    /// Has the next character picked in another way: the likeliest, or by temperature and top k.
    Pick(Option<(f32, u32)>),
}

/// A button of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Train,
    Epoch,
    Minibatch,
    Reset,
    /// Trains a network of each kind.
    Networks,
    /// Trains with the other sampling.
    Sampling,
}

/// A part of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Curve,
    Norm,
    Samples,
    Conversation,
    Network,
    View(View),
}

impl Place {
    /// The selector of its element.
    pub fn selector(self) -> &'static str {
        match self {
            Self::Curve => ".panel.curve",
            Self::Norm => ".panel.gradients",
            Self::Samples => ".panel.samples",
            Self::Conversation => ".panel.conversation",
            Self::Network => ".panel.network",
            Self::View(View::Memory) => "#inside-memory",
            Self::View(View::Unit) => "#inside-unit",
            Self::View(View::Time) => "#inside-time",
            Self::View(View::Slow) => "#inside-slow",
        }
    }
}

/// The action of a link; `None` for one that means nothing.
pub fn action(link: &str) -> Option<Action> {
    let (kind, of) = link.split_once(':')?;
    Some(match kind {
        "set" => Action::Set(pairs(of)?),
        "do" => Action::Do(match of {
            "train" => Deed::Train,
            "epoch" => Deed::Epoch,
            "minibatch" => Deed::Minibatch,
            "reset" => Deed::Reset,
            "networks" => Deed::Networks,
            "sampling" => Deed::Sampling,
            _ => return None,
        }),
        "see" => Action::See(match of {
            "curve" => Place::Curve,
            "norm" => Place::Norm,
            "samples" => Place::Samples,
            "conversation" => Place::Conversation,
            "network" => Place::Network,
            "memory" => Place::View(View::Memory),
            "unit" => Place::View(View::Unit),
            "time" => Place::View(View::Time),
            "slow" => Place::View(View::Slow),
            _ => return None,
        }),
        "scale" => Action::Scale(decimal(of)?),
        "epoch" => Action::Epoch(of.parse().ok()?),
        "pick" if of == "likeliest" => Action::Pick(None),
        "pick" => {
            let pairs = pairs(of)?;
            let get = |key: &str| pairs.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str());
            Action::Pick(Some((decimal(get("temperature")?)?, get("top_k")?.parse().ok()?)))
        }
        _ => return None,
    })
}

fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    text.split('&').map(|pair| pair.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_actions() {
        assert_eq!(action("do:epoch"), Some(Action::Do(Deed::Epoch)));
        assert_eq!(action("see:time"), Some(Action::See(Place::View(View::Time))));
        assert_eq!(action("scale:0.5"), Some(Action::Scale(0.5)));
        assert_eq!(action("pick:temperature=0.5&top_k=5"), Some(Action::Pick(Some((0.5, 5)))));
        assert_eq!(
            action("set:lr=0.5&clip=1"),
            Some(Action::Set(vec![("lr".into(), "0.5".into()), ("clip".into(), "1".into())]))
        );
        assert_eq!([action("do:fly"), action("see"), action("pick:hot"), action("https://x.org")], [const { None }; 4]);
    }
}
