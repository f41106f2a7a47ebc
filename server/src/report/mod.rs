//! Writers and readers of rounds as documents. Pure: text in, text out.
