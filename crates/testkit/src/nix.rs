//! Throw-away Nix stores that need neither root nor `/nix`.
