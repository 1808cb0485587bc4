//! A small nixpkgs, as a git repository, that really evaluates and builds.
