//! What programs say that could not download something.

/// Whether a download failed by the network or by the server, by what the programs say that
/// nixpkgs' sources are fetched with: curl, Nix itself (`builtin:fetchurl`), git.
pub(super) fn is_network_fault(log: &str) -> bool {
    log.lines()
        .any(|line| curl_gave_up(line) || nix_gave_up(line) || git_gave_up(line))
}

/// `curl: (6) Could not resolve host`, `curl: (22) The requested URL returned error: 503`
fn curl_gave_up(line: &str) -> bool {
    let Some((code, message)) = line
        .split_once("curl: (")
        .and_then(|(_, rest)| rest.split_once(')'))
    else {
        return false;
    };
    is_curls_network_code(code) || (code == "22" && has_servers_status(message, "error: "))
}

/// `error: unable to download 'https://..': HTTP error 503 (..)`,
/// `error: unable to download 'https://..': Couldn't resolve host name (6)`
fn nix_gave_up(line: &str) -> bool {
    let Some((_, message)) = line
        .split_once("unable to download '")
        .and_then(|(_, rest)| rest.split_once("': "))
    else {
        return false;
    };
    let code = message
        .trim_end_matches(';')
        .rsplit_once('(')
        .and_then(|(_, code)| code.split_once(')'));
    has_servers_status(message, "HTTP error ")
        || code.is_some_and(|(code, _)| is_curls_network_code(code))
}

/// `fatal: unable to access 'https://..': Could not resolve host: ..`, and what ssh says for git.
fn git_gave_up(line: &str) -> bool {
    const SIGNS: [&str; 7] = [
        "Could not resolve host",
        "Temporary failure in name resolution",
        "Failed to connect to",
        "Connection timed out",
        "Connection reset by peer",
        "early EOF",
        "the remote end hung up unexpectedly",
    ];
    let is_gits = ["fatal: ", "error: RPC failed", "ssh: "]
        .iter()
        .any(|sign| line.contains(sign));
    is_gits && (SIGNS.iter().any(|sign| line.contains(sign)) || has_servers_status(line, "error: "))
}

/// curl's exit codes where it cannot resolve, connect or finish.
fn is_curls_network_code(code: &str) -> bool {
    const CODES: [&str; 11] = [
        "5", "6", "7", "16", "18", "28", "35", "52", "55", "56", "92",
    ];
    CODES.contains(&code)
}

/// Whether a status of HTTP follows that is the server's fault, or asks to come again later.
fn has_servers_status(text: &str, before: &str) -> bool {
    text.match_indices(before).any(|(at, _)| {
        let status = &text[at + before.len()..];
        let digits = status.bytes().take_while(u8::is_ascii_digit).count();
        let status = &status[..digits];
        digits == 3 && (status.starts_with('5') || matches!(status, "408" | "425" | "429"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fetcher_says_why_in_its_own_words() {
        for log in [
            "error: unable to download 'https://h/x': HTTP error 503 ('')",
            "error: unable to download 'https://h/x': Couldn't resolve host name (6)",
            "error: unable to download 'https://h/x': HTTP error 429\n\n       response body:",
            "curl: (22) The requested URL returned error: 502 Bad Gateway",
            "curl: (92) HTTP/2 stream 1 was not closed cleanly",
            "fatal: unable to access 'https://h/x/': Could not resolve host: h",
            "fatal: unable to access 'https://h/x/': The requested URL returned error: 503",
            "ssh: Could not resolve hostname h: Temporary failure in name resolution",
        ] {
            assert!(is_network_fault(log), "{log}");
        }
        for log in [
            "error: unable to download 'https://h/503': HTTP error 404 ('')",
            "curl: (22) The requested URL returned error: 404",
            "curl: (60) SSL certificate problem: certificate has expired",
            "fatal: unable to access 'https://h/x/': The requested URL returned error: 403",
            "fatal: couldn't find remote ref refs/heads/gone",
            "checks passed: 503",
        ] {
            assert!(!is_network_fault(log), "{log}");
        }
    }
}
