//! Raw findings → findings: similarity, clusters, severity, ranking, identity over rounds, explanation.
//! Pure and deterministic: the order in which agents answered never changes the result.
