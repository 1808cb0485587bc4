//! `picket keygen`

use std::process::ExitCode;

use picket_publisher::SecretKey;

use crate::cli;

pub(crate) fn run(arguments: &cli::Keygen) -> anyhow::Result<ExitCode> {
    let key = SecretKey::generate(arguments.name.clone())?;
    key.write_file(&arguments.out)?;
    eprintln!(
        "The secret key is in {}; keep it secret.",
        arguments.out.display()
    );
    eprintln!("The public key, for clients:");
    println!("{}", key.public());
    Ok(ExitCode::SUCCESS)
}
