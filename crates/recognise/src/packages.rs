//! Packages whose updates are often security fixes.

use crate::evidence::Watched;
use crate::version::Step;

/// Browsers, their engines and plugins, curl and PuTTY: each update fixes vulnerabilities, patch
/// or not.
const EACH: &str = "\
    chromium ungoogled-chromium google-chrome chrome brave vivaldi microsoft-edge opera firefox \
    librewolf floorp zen-browser waterfox thunderbird betterbird tor-browser mullvad-browser \
    webkitgtk qtwebengine wavebox yandex-browser helium tor-browser-bundle torbrowser icecat \
    palemoon flashplayer flashplayer-standalone curl curlminimal putty";

/// Of these, patch releases are made for little else.
const NEARLY: &str = "\
    linux kernels kernel openssl nodejs node electron gitlab go xen microcode-intel microcode-amd \
    microcodeintel bind wordpress roundcube wireshark expat xorg-server xorgserver xwayland \
    apache-httpd httpd forgejo gitea keycloak vaultwarden mattermost discourse mariadb mysql \
    openjdk jdk temurin zulu dotnet dotnet-sdk dotnet-runtime dotnet-aspnetcore django exiv2 squid \
    asterisk mediawiki krb5 libssh runc freerdp netatalk phpmyadmin";

/// Of these, many patch releases are: what runs as root or guards something, what listens to
/// strangers, databases, languages and what is built with them, what parses files of strangers.
const OFTEN: &str = "\
    glibc openssh sudo sudo-rs doas polkit pam nix lix systemd dbus flatpak bubblewrap firejail \
    gnupg gnutls libressl boringssl wolfssl mbedtls nss libgcrypt samba openldap freeradius sssd \
    vault openbao authelia authentik kanidm zitadel teleport openvpn strongswan tailscale \
    headscale wireguard clamav nginx angie apache caddy traefik haproxy varnish envoy unbound \
    dnsmasq pdns pdns-recursor knot-resolver coredns exim dovecot opensmtpd stalwart rsync proftpd \
    vsftpd coturn freeswitch tor i2p tomcat jetty mastodon pleroma akkoma misskey gotosocial \
    pixelfed peertube lemmy nextcloud owncloud seafile matrix-synapse synapse dendrite conduit \
    tuwunel continuwuity element element-web element-desktop signal-desktop jitsi jitsi-meet \
    rocketchat zulip prosody ejabberd drupal dokuwiki moodle gogs gerrit jenkins grafana \
    grafana-loki prometheus zabbix icinga kibana elasticsearch opensearch graylog minio garage n8n \
    immich paperless-ngx home-assistant glpi redmine outline hedgedoc superset metabase airflow \
    argocd argo-cd consul nomad kubernetes kubernetes-helm docker moby containerd crun podman \
    buildah cri-o lxc lxd incus qemu libvirt virtualbox teamviewer anydesk rustdesk xrdp \
    postgresql redis valkey mongodb couchdb memcached influxdb clickhouse php python cpython ruby \
    perl graalvm deno bun erlang rails flask werkzeug jinja2 requests urllib3 aiohttp cryptography \
    pillow twisted tornado git mercurial subversion wget libxml2 libxslt zlib libwebp libpng \
    libtiff libjpeg libjpeg-turbo libheif libavif libvpx openjpeg giflib freetype harfbuzz poppler \
    mupdf ghostscript imagemagick graphicsmagick ffmpeg gstreamer vlc mpv exiftool libarchive \
    unrar p7zip 7zip libreoffice cups avahi bluez wpa-supplicant hostapd libssh2 nghttp2 c-ares \
    sqlite busybox vim emacs tar cpio binutils libtar libsndfile libraw pcre2 glib gdk-pixbuf \
    librsvg libx11 grub2 shim openexr jq mutt neomutt";

/// What may follow a package's name in an attribute's: variants, not other packages.
const VARIANTS: &str = "\
    esr bin unwrapped beta dev devedition lts latest stable minimal full ce ee server client \
    headless legacy hardened zen rt lqx xanmod libre testing rpi rpi1 rpi2 rpi3 rpi4 git \
    mainline nightly oss fpm slim x fhs abi community enterprise quic source binary unstable";

/// How often updates by such a step of this package are security fixes.
pub(crate) fn watched(package: &str, step: Option<Step>) -> Watched {
    let is_patch = step.is_none_or(|step| step == Step::Patch);
    let names = names(package);
    let is_one_of = |list: &str| {
        names
            .iter()
            .any(|name| list.split(' ').any(|it| is_variant(name, it)))
    };
    if is_one_of(EACH) || (is_one_of(NEARLY) && is_patch) {
        Watched::Nearly
    } else if is_one_of(NEARLY) || is_one_of(OFTEN) {
        Watched::Often
    } else {
        Watched::No
    }
}

/// The names in a title's `firefox{,-bin}`, `nixVersions.nix`, `thunderbird*`.
fn names(package: &str) -> Vec<String> {
    if package.starts_with("nixos/") {
        return Vec::new();
    }
    let package = package.to_lowercase().replace("{,ungoogled-}", "");
    let chunks = package.split(|c: char| c.is_whitespace() || ",{}()*/&+`'\"".contains(c));
    let last = chunks.map(|chunk| chunk.rsplit('.').next().unwrap_or(chunk));
    let trimmed = last.map(|name| name.trim_matches(['-', '_']).replace('_', "-"));
    trimmed.filter(|name| !name.is_empty()).collect()
}

/// Whether a name is this package's, or that of a variant: `openssl-1-1`, `firefox-esr-unwrapped`.
fn is_variant(name: &str, package: &str) -> bool {
    let Some(rest) = name.strip_prefix(package) else {
        return false;
    };
    let is_digit_or_hyphen = |c: char| c.is_ascii_digit() || c == '-';
    if !rest.is_empty() && !rest.starts_with(is_digit_or_hyphen) {
        return false;
    }
    let mut parts = rest.split('-').filter(|part| !part.is_empty());
    let is_variant = |part: &str| VARIANTS.split(' ').any(|variant| variant == part);
    parts.all(|part| part.starts_with(|c: char| c.is_ascii_digit()) || is_variant(part))
}

/// Files that hold the versions of such packages alone, by their path's end.
const VERSION_FILES: &[(&str, &str)] = &[
    ("linux/kernel/kernels-org.json", "the Linux kernel"),
    ("browsers/chromium/info.json", "chromium"),
    ("browsers/chromium/upstream-info.nix", "chromium"),
    ("browsers/chromium/upstream-info.json", "chromium"),
    ("browsers/firefox/packages/firefox.nix", "firefox"),
    ("browsers/firefox/packages.nix", "firefox"),
    ("firefox-bin/release_sources.nix", "firefox"),
    ("development/tools/electron/info.json", "electron"),
    ("applications/version-management/gitlab/data.json", "gitlab"),
];

/// The package whose versions a file holds.
pub(crate) fn of_version_file(path: &str) -> Option<&'static str> {
    let found = VERSION_FILES.iter().find(|(end, _)| path.ends_with(end));
    found.map(|(_, package)| *package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_told_from_other_packages() {
        for (package, expected) in [
            ("firefox{,-bin,-esr}", Watched::Nearly),
            ("{,ungoogled-}chromium", Watched::Nearly),
            ("linuxKernel.kernels.linux_lqx", Watched::Nearly),
            ("linux_6_18", Watched::Nearly),
            ("nodejs-16_x", Watched::Nearly),
            ("openssl(_1_1)", Watched::Nearly),
            ("thunderbird-140-unwrapped", Watched::Nearly),
            ("php83", Watched::Often),
            ("nixVersions.nix_2_24", Watched::Often),
            ("python3Packages.pillow_10", Watched::Often),
            ("linux-firmware", Watched::No),
            ("nix-index", Watched::No),
            ("go-task", Watched::No),
            ("docker-compose", Watched::No),
            ("nixos/nextcloud", Watched::No),
            ("gitcs", Watched::No),
        ] {
            assert_eq!(watched(package, Some(Step::Patch)), expected, "{package}");
        }
        assert_eq!(watched("linux", Some(Step::Minor)), Watched::Often);
        assert_eq!(watched("firefox", Some(Step::Major)), Watched::Nearly);
    }
}
