//! The words that count, as lists: in lower case, set apart by one blank.

/// Words that follow `security` where a fix is meant.
pub(crate) const FIXES: &[&str] = &[
    "fix",
    "fixes",
    "fixed",
    "update",
    "updates",
    "upgrade",
    "upgrades",
    "release",
    "releases",
    "patch",
    "patches",
    "bump",
    "bumps",
    "hotfix",
    "hotfixes",
    "issue",
    "issues",
    "vulnerability",
    "vulnerabilities",
    "vuln",
    "vulns",
    "advisory",
    "advisories",
    "bug",
    "bugs",
    "bugfix",
    "bugfixes",
    "flaw",
    "flaws",
    "hole",
    "holes",
    "problem",
    "problems",
    "bulletin",
    "bulletins",
    "backport",
    "backports",
    "announcement",
    "notice",
    "section",
];

/// Words that may stand between the two: `security and bug fixes`.
pub(crate) const FILLERS: &[&str] = &[
    "and",
    "or",
    "&",
    "bug",
    "bugfix",
    "related",
    "relevant",
    "critical",
    "stability",
    "only",
    "maintenance",
    "minor",
    "important",
    "point",
];

/// Words that follow `security` where a change is said to matter for it.
pub(crate) const RELEVANT: &[&str] = &[
    "security relevant",
    "security related",
    "security sensitive",
    "security critical",
    "security reasons",
    "security implications",
    "security impact",
    "security content",
];

/// Beginnings of words that say that something is mended.
pub(crate) const MENDED: &[&str] = &[
    "fix", "patch", "address", "resolv", "mitigat", "prevent", "clos", "backport", "remediat",
    "correct", "against", "solv", "plug",
];

/// Beginnings of words for vulnerabilities, and of how they are misspelt.
pub(crate) const MISSPELT: &[&str] = &["vulner", "vunera", "vunlner", "vulera"];

/// Other words for vulnerabilities.
pub(crate) const VULNERABLE: &[&str] = &[
    "vuln",
    "vulns",
    "cve",
    "cves",
    "cvss",
    "xsa",
    "xsas",
    "advisory",
    "advisories",
];

/// What makes `vulnerability` a matter of tools for finding them.
pub(crate) const TOOLS: &[&str] = &[
    "scanner",
    "scanners",
    "scanning",
    "scan",
    "database",
    "databases",
    "tracker",
    "management",
    "report",
    "reports",
    "assessment",
    "lock",
    "locks",
    "analysis",
    "checker",
    "lookup",
];

/// Kinds of attack, in lower case; words are set apart by one blank.
pub(crate) const ATTACKS: &[&str] = &[
    "remote code execution",
    "arbitrary code",
    "code execution",
    "arbitrary command",
    "privilege escalation",
    "escalation of privilege",
    "local root",
    "sql injection",
    "command injection",
    "code injection",
    "shell injection",
    "header injection",
    "argument injection",
    "html injection",
    "cross site scripting",
    "xss",
    "csrf",
    "cross site request forgery",
    "request forgery",
    "request smuggling",
    "response splitting",
    "path traversal",
    "directory traversal",
    "zip slip",
    "authentication bypass",
    "authorization bypass",
    "auth bypass",
    "access control bypass",
    "bypass authentication",
    "permission bypass",
    "denial of service",
    "redos",
    "sandbox escape",
    "sandbox bypass",
    "container escape",
    "guest escape",
    "vm escape",
    "information disclosure",
    "information leak",
    "info leak",
    "unauthorized access",
    "unauthenticated access",
    "open redirect",
    "open redirects",
    "prototype pollution",
    "insecure deserialization",
    "timing attack",
    "side channel",
    "session fixation",
    "session hijacking",
    "account takeover",
    "credential leak",
    "cache poisoning",
    "dns rebinding",
    "downgrade attack",
    "certificate validation",
    "signature verification bypass",
    "padding oracle",
    "log4shell",
    "shellshock",
    "heartbleed",
    "spectre",
    "meltdown",
    "dirty pipe",
    "regresshion",
    "terrapin",
    "krack",
    "pwnkit",
    "leaky vessels",
    "looney tunables",
    "retbleed",
    "zenbleed",
    "rapid reset",
];

/// Parts of words for what nobody else may know.
pub(crate) const SECRETS: &[&str] = &["password", "passphrase", "secret", "credential", "token"];

/// What says, beside words of mending, that something is so no more.
pub(crate) const NO_MORE: &[&str] = &["don t", "doesn t", "do not", "no longer", "avoid", "stop"];

/// What says that a vulnerability is past, where it follows or goes before.
pub(crate) const PAST: &[&str] = &[
    "no longer vulnerable",
    "not vulnerable anymore",
    "does not have that cve",
    "does not have the cve",
    "does not have these cves",
    "is free of",
];

/// What makes of `mitigation` one that comes with the change.
pub(crate) const APPLIED: &[&str] = &[
    "apply", "applies", "applied", "add", "adds", "backport", "follow", "include", "includes",
    "new",
];

/// What makes of `mitigations` an option.
pub(crate) const OPTIONAL: &[&str] = &[
    "option", "options", "disable", "disabled", "off", "toggle", "module",
];

/// Kinds of attack whose short names are other words in lower case.
pub(crate) const ATTACKS_IN_CAPITALS: &[&str] =
    &["RCE", "SSRF", "LPE", "DoS", "XXE", "IDOR", "UAF", "TOCTOU"];

/// Errors in memory.
pub(crate) const MEMORY: &[&str] = &[
    "use after free",
    "buffer overflow",
    "buffer overflows",
    "heap overflow",
    "heap based",
    "stack overflow",
    "integer overflow",
    "integer overflows",
    "buffer overread",
    "buffer over read",
    "out of bounds",
    "out of bound",
    "oob read",
    "oob write",
    "double free",
    "memory corruption",
    "memory safety",
    "type confusion",
    "null pointer dereference",
];

/// Words of harm that is meant.
pub(crate) const HOSTILE: &[&str] = &[
    "malicious",
    "maliciously",
    "crafted",
    "attacker",
    "attackers",
    "exploit",
    "exploits",
    "exploitable",
    "exploited",
    "exploitation",
    "0day",
    "0 day",
    "zero day",
    "in the wild",
    "untrusted input",
];

/// Code that somebody has put into a release: of this, taking it back is the fix.
pub(crate) const TAMPERED: &[&str] = &[
    "backdoor",
    "backdoored",
    "trojaned",
    "trojanized",
    "tampered",
    "known compromised",
    "was compromised",
    "were compromised",
    "compromised version",
    "compromised release",
    "compromised tarball",
    "compromised package",
    "malicious code",
    "malicious release",
    "malicious version",
    "malicious package",
    "supply chain attack",
    "supply chain compromise",
];
