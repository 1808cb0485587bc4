#!/bin/sh
# Looks at a channel from a server that subscribes to it: is it what its team signed, does it only
# go forward, is it fresh, and does this server run it?
#
# nix-channel does not tell: it takes whatever the address gives, keeps the old copy where the
# address does not answer, and exits with 0. This is the look that notices.
#
#   CHANNEL_URL        the channel, as https://security.example.org/nixos-26.05-sec
#   PUBLIC_KEYS        the keys that may sign it, as NAME:BASE64, separated by spaces
#   MAX_AGE_HOURS      a release that is older is worth a warning
#   STATE_DIRECTORY    what was seen last is kept here
#   METRICS_DIRECTORY  picket_subscriber.prom is written here, for node_exporter
#   SYSTEM             the running system; /run/current-system
#
# Needs curl, jq, openssl and picket. Exits with 1 where something is wrong with the channel; its
# age alone is a warning.
set -eu

: "${CHANNEL_URL:?}" "${PUBLIC_KEYS:?}" "${MAX_AGE_HOURS:?}" "${STATE_DIRECTORY:?}" "${METRICS_DIRECTORY:?}"
SYSTEM=${SYSTEM:-/run/current-system}

channel=${CHANNEL_URL%/}
channel=${channel##*/}
seen="$STATE_DIRECTORY/$channel.json"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What can be wrong, as the label `kind` of a metric.
kinds='unreachable unsigned other_channel went_back rewritten frozen damaged'
problem=

# A problem, with the sentence that explains it to a person.
wrong() {
    problem=$1
    printf '<3>%s: %s\n' "$channel" "$2" >&2
    return 1
}

fetch() {
    curl --fail --silent --show-error --location --max-redirs 5 --proto '=http,https' \
        --connect-timeout 15 --max-time 300 --max-filesize 67108864 "$@"
}

# Gets what the channel states of its current release, before it is followed there: a publication in
# between then gives a later release than is stated, and never an earlier one. Pickets did not always
# state it.
get_latest() {
    for file in latest.json latest.json.sig; do
        : >"$work/$file"
        code=$(fetch --output "$work/$file" --write-out '%{http_code}' -- "${CHANNEL_URL%/}/$file" 2>"$work/said") ||
            case $code in
                403 | 404 | 410) : >"$work/latest.json" && return 0 ;;
                *) wrong unreachable "$file cannot be had: $(cat "$work/said")" || return 1 ;;
            esac
    done
}

# Gets release.json and its signatures from one release folder: that which the channel leads to.
get_release() {
    if ! folder=$(fetch --output /dev/null --write-out '%{url_effective}' -- "$CHANNEL_URL"); then
        wrong unreachable "$CHANNEL_URL does not answer" || return 1
    fi
    folder=${folder%/}
    for file in release.json release.json.sig; do
        fetch --output "$work/$file" -- "$folder/$file" ||
            wrong unreachable "there is no $file in $folder" || return 1
    done
}

# One key and one signature, in the form `name:base64` that Nix uses, and the file that is signed.
is_signature() {
    # What DER has before the 32 bytes of an Ed25519 key.
    {
        printf '\060\052\060\005\006\003\053\145\160\003\041\000'
        printf %s "${1#*:}" | base64 --decode
    } >"$work/key.der" 2>/dev/null || return 1
    printf %s "${2#*:}" | base64 --decode >"$work/signature" 2>/dev/null || return 1
    openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key.der" -rawin \
        -in "$work/$3" -sigfile "$work/signature" >/dev/null 2>&1
}

is_signed() {
    while IFS= read -r line || [ -n "$line" ]; do
        for key in $PUBLIC_KEYS; do
            if [ "${key%%:*}" = "${line%%:*}" ] && is_signature "$key" "$line" "$1"; then
                return 0
            fi
        done
    done <"$work/$1.sig"
    return 1
}

check_signature() {
    is_signed release.json || wrong unsigned "none of the given keys signed release.json"
}

# Only what is signed is read.
read_release() {
    fields='select(.format == 1) | .channel, .name, (.seq | numbers), .rev, (.created | numbers)'
    jq --raw-output "$fields" "$work/release.json" >"$work/fields" || :
    {
        IFS= read -r its_channel && IFS= read -r name && IFS= read -r seq &&
            IFS= read -r rev && IFS= read -r created
    } <"$work/fields" ||
        wrong damaged "release.json cannot be read: is this check as new as the server's Picket?"
}

# A channel goes forward: by its sequence number, and each number stands for one release.
compare_with_seen() {
    digest=$(sha256sum <"$work/release.json")
    digest=${digest%% *}
    [ "$its_channel" = "$channel" ] ||
        wrong other_channel "the server gives the channel $its_channel" || return 1
    [ -e "$seen" ] || return 0
    seen_seq=$(jq .seq "$seen")
    seen_digest=$(jq --raw-output .digest "$seen")
    [ "$seq" -ge "$seen_seq" ] ||
        wrong went_back "$name has the number $seq; $seen_seq was here before" || return 1
    [ "$seq" -gt "$seen_seq" ] || [ "$digest" = "$seen_digest" ] ||
        wrong rewritten "release $seq is not the one that it was"
}

# Whether this is the channel's current release, as far as its own statement says, and that holds.
check_latest() {
    expires=null
    if [ ! -s "$work/latest.json" ]; then
        if [ -e "$seen" ] && [ "$(jq '.expires | numbers' "$seen")" ]; then
            wrong frozen "there is no latest.json any more, which says what the current release is"
        fi
        return
    fi
    # It may have been replaced between its two files.
    is_signed latest.json || { get_latest && is_signed latest.json; } ||
        wrong unsigned "none of the given keys signed latest.json" || return 1
    fields='select(.format == 1 and .kind == "latest") |
        .channel, .release, (.seq | numbers), .release_json_sha256, (.expires | numbers)'
    jq --raw-output "$fields" "$work/latest.json" >"$work/fields" || :
    {
        IFS= read -r stated_channel && IFS= read -r stated_name && IFS= read -r stated_seq &&
            IFS= read -r stated_digest && IFS= read -r expires
    } <"$work/fields" ||
        wrong damaged "latest.json cannot be read: is this check as new as the server's Picket?" || return 1
    [ "$stated_channel" = "$channel" ] ||
        wrong other_channel "latest.json is that of the channel $stated_channel" || return 1
    [ "$expires" -gt "$now" ] ||
        wrong frozen "latest.json expired $(((now - expires) / 3600)) hours ago: this may be a mirror that stands still" || return 1
    [ "$seq" -ge "$stated_seq" ] ||
        wrong went_back "the channel leads to $name, and $stated_name is its current release" || return 1
    [ "$seq" -gt "$stated_seq" ] || [ "$digest" = "$stated_digest" ] ||
        wrong rewritten "release $seq is not the one that latest.json names"
}

# The release itself, file by file; once for each release, since that reads all of it.
check_content() {
    if [ -e "$seen" ] && [ "$(jq --raw-output .digest "$seen")" = "$digest" ]; then
        return 0
    fi
    set --
    for key in $PUBLIC_KEYS; do
        set -- "$@" --public-key "$key"
    done
    picket verify "$@" -- "$folder" >&2 || wrong damaged "$name does not verify"
}

remember() {
    jq --null-input --arg name "$name" --arg rev "$rev" --arg digest "$digest" \
        --argjson seq "$seq" --argjson created "$created" --argjson expires "$expires" \
        '{$name, $rev, $digest, $seq, $created, $expires}' >"$seen.new"
    sync "$seen.new"
    mv "$seen.new" "$seen"
}

warn_if_old() {
    age=$(((now - $(jq .created "$seen")) / 3600))
    [ "$age" -le "$MAX_AGE_HOURS" ] ||
        printf '<4>%s: the release is %s hours old, more than %s\n' "$channel" "$age" "$MAX_AGE_HOURS" >&2
}

metric() {
    printf '# HELP %s %s\n# TYPE %s gauge\n' "$1" "$2" "$1"
}

write_metrics() {
    metric picket_subscriber_check_timestamp_seconds 'When this server last looked at the channel.'
    printf 'picket_subscriber_check_timestamp_seconds{channel="%s"} %s\n' "$channel" "$now"
    metric picket_subscriber_problem 'Whether the last look found this kind of problem.'
    for kind in $kinds; do
        is_it=0
        [ "$kind" != "$problem" ] || is_it=1
        printf 'picket_subscriber_problem{channel="%s",kind="%s"} %s\n' "$channel" "$kind" "$is_it"
    done
    [ -e "$seen" ] || return 0
    metric picket_subscriber_release_seq 'The sequence number of the last good release.'
    printf 'picket_subscriber_release_seq{channel="%s"} %s\n' "$channel" "$(jq .seq "$seen")"
    metric picket_subscriber_release_created_timestamp_seconds 'When that release was made.'
    printf 'picket_subscriber_release_created_timestamp_seconds{channel="%s"} %s\n' \
        "$channel" "$(jq .created "$seen")"
    metric picket_subscriber_latest_expires_timestamp_seconds \
        'When that expires which the channel states of its current release; 0 where it states nothing.'
    printf 'picket_subscriber_latest_expires_timestamp_seconds{channel="%s"} %s\n' \
        "$channel" "$(jq '.expires // 0' "$seen")"
    [ -e "$SYSTEM/nixos-version" ] || return 0
    running=0
    [ "nixos-$(cat "$SYSTEM/nixos-version")" != "$(jq --raw-output .name "$seen")" ] || running=1
    metric picket_subscriber_system_current 'Whether the running system was made from that release.'
    printf 'picket_subscriber_system_current{channel="%s"} %s\n' "$channel" "$running"
}

now=$(date +%s)
# Each step says itself what is wrong; the first that fails ends the look.
if get_latest && get_release && check_signature && read_release && compare_with_seen && check_latest &&
    check_content; then
    remember
fi
[ ! -e "$seen" ] || warn_if_old
write_metrics >"$METRICS_DIRECTORY/picket_subscriber.prom.new"
mv "$METRICS_DIRECTORY/picket_subscriber.prom.new" "$METRICS_DIRECTORY/picket_subscriber.prom"
[ -z "$problem" ]
