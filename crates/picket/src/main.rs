//! The `picket` program; see the library of the same name.

use std::process::ExitCode;

fn main() -> ExitCode {
    picket::cli::main()
}
