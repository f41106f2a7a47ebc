//! The server as a client sees it: messages of the protocol over a pipe, on real repositories, with recorded reviewers.

mod client;
mod fixing;
mod http;
mod limits;
mod protocol;
mod reviewing;
