//! Building on another machine, through Nix's own `builders`: a second store behind an sshd of its
//! own on loopback.

use std::fmt::Write as _;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use picket_builder::{BuildRequest, Builder, Limits, Nix, NixConfig, StepState};
use picket_domain::{JobPattern, Scope};
use picket_testkit::nix::NixStore;

use crate::world::{World, jobs};

/// An sshd that lets the holder of a generated key in, as the user who started it.
struct Sshd {
    process: Child,
    port: u16,
}

impl Sshd {
    fn start(dir: &Path) -> Self {
        fs::create_dir_all(dir).unwrap();
        for key in ["host", "user"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(dir.join(key))
                .status();
            assert!(made.unwrap().success(), "ssh-keygen makes a key");
        }
        // Where sshd gives up its rights; it wants the folder to be there.
        fs::create_dir_all("/run/sshd").unwrap();
        let port = free_port();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {0}/host\nAuthorizedKeysFile {0}/user.pub\n\
             PidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin prohibit-password\n",
            dir.display()
        );
        fs::write(dir.join("config"), config).unwrap();
        let process = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(dir.join("config"))
            .stderr(Stdio::piped())
            .spawn()
            .expect("openssh-server is installed");
        let mut sshd = Self { process, port };
        sshd.wait_until_it_listens();
        sshd
    }

    /// It says on stderr when it does.
    fn wait_until_it_listens(&mut self) {
        use std::io::{BufRead, BufReader};
        let said = BufReader::new(self.process.stderr.take().unwrap());
        let mut lines = said.lines().map_while(Result::ok);
        let mut told = Vec::new();
        while !told
            .last()
            .is_some_and(|line: &String| line.contains("Server listening"))
        {
            let line = lines.next();
            told.push(line.unwrap_or_else(|| panic!("sshd does not start: {told:?}")));
        }
        // Whatever else it says is read, so that it can go on.
        std::thread::spawn(move || lines.for_each(drop));
        TcpStream::connect(("127.0.0.1", self.port)).unwrap();
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port that nobody listens at, as far as can be told.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A program that starts the other store's daemon, whatever it is given.
fn wrapper(store: &NixStore, file: &Path) {
    let command = store.command("nix-daemon");
    let quoted = |text: &std::ffi::OsStr| format!("'{}'", text.to_str().unwrap());
    let mut script = "#!/bin/sh\n".to_owned();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            writeln!(
                script,
                "export {}={}",
                name.to_str().unwrap(),
                quoted(value)
            )
            .unwrap();
        }
    }
    write!(script, "exec {}", quoted(command.get_program())).unwrap();
    for argument in command.get_args() {
        write!(script, " {}", quoted(argument)).unwrap();
    }
    script.push_str(" \"$@\"\n");
    fs::write(file, script).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn a_job_with_a_feature_of_another_machine_is_built_there() {
    let world = World::new();
    let sshd = Sshd::start(&world.path("sshd"));
    let other = world.store.twin(&world.path("other")).unwrap();
    let conf = picket_testkit::nix::NixConf::default().with("system-features", "elsewhere");
    other.configure(&conf).unwrap();
    let program = world.path("nix-daemon-there");
    wrapper(&other, &program);

    let mut environment = world.store.environment();
    let ssh = format!(
        "-p {} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
        sshd.port
    );
    environment.insert("NIX_SSHOPTS".to_owned(), ssh);
    let builders = format!(
        "ssh-ng://root@127.0.0.1?remote-program={} x86_64-linux {} 2 1 elsewhere",
        program.display(),
        world.path("sshd/user").display()
    );
    let nix = Nix::new(NixConfig {
        bin_dir: None,
        environment,
        options: vec![("builders".to_owned(), builders)],
    });
    let builder = Builder::new(nix, &world.path("state"), Limits::default()).unwrap();

    let base = world.revision('a', "{ }");
    let head = world.revision(
        'b',
        r#"let
          lib = mk "lib" "echo lib > $out";
        in {
          there = mkWith { name = "there"; requiredSystemFeatures = [ "elsewhere" ]; }
            "echo a line from there; read line < ${lib}; echo $line > $out";
          nowhere = mkWith { name = "nowhere"; requiredSystemFeatures = [ "huge" ]; } "echo > $out";
          here = mk "here" "echo > $out";
        }"#,
    );
    let (base, head, jobs) = (&base, &head, &jobs());
    let required = &[JobPattern::all()];
    let request = BuildRequest {
        base,
        head,
        jobs,
        required,
        rebuild_limit: 0,
        scope: &Scope::default(),
        package_tests: 0,
    };
    let report = builder.build(request).await.unwrap();
    insta::assert_snapshot!(world.told(&report), @"
    3 jobs
    here: built here.drv -> here
    nowhere: nowhere.drv failed by nowhere.drv (NoMachine)
    there: built there.drv -> there
    ");
    let steps = builder.live().of(&head.rev).unwrap().unwrap().steps;
    let there = steps
        .iter()
        .find(|step| step.drv.name() == "there.drv")
        .unwrap();
    assert_eq!(there.state, StepState::Done);
    assert!(
        there.machine.starts_with("ssh-ng://root@127.0.0.1"),
        "{there:?}"
    );
    let log = builder.logs().open(&head.rev, &there.drv).unwrap().unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut log.text().unwrap(), &mut text).unwrap();
    assert_eq!(text, "a line from there\n");
}
