//! Serves a sample of everything, to look at: `cargo run -p picket-web --example sample [port]
//! [empty|conflict]`. The conflict is on `/candidates/7`.

#[path = "../tests/router/common/mod.rs"]
mod common;

use picket_domain::Timestamp;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let port = arguments.first().map_or("8080", String::as_str);
    let site = match arguments.get(1).map(String::as_str) {
        Some("conflict") => {
            let (world, _) = common::world::World::with_curl().await;
            world.investigate().await;
            world.site
        }
        Some(_) => common::Site::new().await,
        None => {
            let site = common::Site::new().await;
            common::sample::fill(&site, Timestamp::now()).await;
            site
        }
    };
    let mut state = site.state();
    state.base_url = format!("http://127.0.0.1:{port}").parse()?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port.parse::<u16>()?)).await?;
    println!("http://{}", listener.local_addr()?);
    for name in common::TEAM {
        println!("{name}: {}", common::passphrase(name));
    }
    axum::serve(listener, picket_web::router(state)).await?;
    Ok(())
}
