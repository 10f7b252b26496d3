//! The page: Leptos components, the chart, the address. No GPU, no mathematics.
