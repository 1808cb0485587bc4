//! The `picket-demo` program; see the library of the same name.

use std::process::ExitCode;

fn main() -> ExitCode {
    picket_demo::main()
}
