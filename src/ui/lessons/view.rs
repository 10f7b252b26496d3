//! The panel of the lessons: their list, and the open one, whose links drive the page.

use leptos::prelude::*;

use super::prose::{Block, Lesson, Piece};
use crate::ui::browser;
use crate::ui::language::fill;
use crate::ui::page::Page;

#[component]
pub fn Lessons(page: Page) -> impl IntoView {
    let w = page.words();
    let lessons = page.lessons;
    let open = lessons.open;
    let shown = Memo::new(move |_| lessons.listed.get() || open.with(Option::is_some));
    Effect::new(move |_| {
        if shown.get() {
            lessons.fetch(w);
        }
    });
    let all = Memo::new(move |_| lessons.all(w).unwrap_or_default());
    let entry = move |lesson: Lesson| {
        let key = lesson.key.clone();
        let is_open = move || open.with(|open| open.as_ref() == Some(&key));
        let current = is_open.clone();
        view! {
            <li>
                <a
                    href=format!("#lesson={}", lesson.key)
                    aria-current=move || current().then_some("true")
                    on:click=move |event| {
                        event.prevent_default();
                        open.set(Some(lesson.key.clone()));
                    }
                >
                    {lesson.title}
                </a>
            </li>
        }
    };
    let chosen = Memo::new(move |_| {
        let key = open.get()?;
        all.with(|all| all.iter().position(|lesson| lesson.key == key))
    });
    view! {
        <details
            class="panel lessons"
            data-testid="lessons"
            open=move || shown.get()
            on:toggle:target=move |event| {
                let now = event.target().open();
                lessons.listed.set(now);
                if !now {
                    open.set(None);
                }
            }
        >
            <summary>
                <h2>{w.lessons}</h2>
            </summary>
            <p class="note" role="status" hidden=move || !lessons.is_missing(w)>{w.lessons_missing}</p>
            <ol class="lesson-list">{move || all.get().into_iter().map(entry).collect_view()}</ol>
            {move || chosen.get().map(|at| lesson_view(page, all.get(), at))}
        </details>
    }
}

fn lesson_view(page: Page, all: Vec<Lesson>, at: usize) -> impl IntoView {
    let w = page.words();
    let open = page.lessons.open;
    let next = all.get(at + 1).cloned();
    let Lesson { title, blocks, .. } = all[at].clone();
    let next = next.map(|next| {
        let key = StoredValue::new(next.key);
        view! {
            <button type="button" on:click=move |_| open.set(Some(key.get_value()))>
                {fill(w.lesson_next, &[&next.title])}
            </button>
        }
    });
    view! {
        <article class="lesson" data-testid="lesson" aria-label=title.clone()>
            <h3>{title.clone()}</h3>
            {blocks.into_iter().map(|block| block_view(page, block)).collect_view()}
            <button type="button" class="to-lesson" on:click=move |_| browser::show("[data-testid=lesson]")>
                {w.lesson_back}
            </button>
            <div class="buttons">
                {next} <button type="button" class="quiet" on:click=move |_| open.set(None)>{w.lesson_close}</button>
            </div>
        </article>
    }
}

fn block_view(page: Page, block: Block) -> AnyView {
    match block {
        Block::Formula(formula) => view! { <p class="formula">{formula}</p> }.into_any(),
        Block::Paragraph(pieces) => {
            let pieces = pieces.into_iter().map(|piece| piece_view(page, piece)).collect_view();
            view! { <p>{pieces}</p> }.into_any()
        }
    }
}

fn piece_view(page: Page, piece: Piece) -> AnyView {
    match piece {
        Piece::Plain(text) => view! { <span>{text}</span> }.into_any(),
        Piece::Bold(text) => view! { <strong>{text}</strong> }.into_any(),
        Piece::Link { number, words, action } => {
            let action = StoredValue::new(action);
            let key = page.lessons.open.get_untracked().unwrap_or_default();
            view! {
                <a
                    class="step"
                    href=format!("#lesson={key}")
                    on:click=move |event| {
                        event.prevent_default();
                        action.with_value(|action| page.act(action));
                    }
                >
                    <span class="number" aria-hidden="true">{number}</span>
                    {words}
                </a>
            }
            .into_any()
        }
    }
}
