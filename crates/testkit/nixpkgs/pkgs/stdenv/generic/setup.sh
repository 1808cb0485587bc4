# The phases of a build, for the shell of the bootstrap busybox.
#
# Each phase can be replaced by the variable of its name, and added to by pre<Phase> and post<Phase>.
set -eu
set -o pipefail

export PATH=$initialPath
export CONFIG_SHELL=$shell
export SOURCE_DATE_EPOCH=315532800
export HOME=/homeless-shelter TZ=UTC LC_ALL=C
umask 022

: "${out:=}" "${dev:=$out}" "${bin:=$out}" "${lib:=$out}"

# Adds a package, and what it propagates, to what this build finds.
findInput() {
    if [ -d "$1/bin" ]; then PATH=$1/bin:$PATH; fi
    if [ -d "$1/lib/pkgconfig" ]; then
        case ":${PKG_CONFIG_PATH:-}:" in
            *":$1/lib/pkgconfig:"*) ;;
            *) export PKG_CONFIG_PATH=${PKG_CONFIG_PATH:+$PKG_CONFIG_PATH:}$1/lib/pkgconfig ;;
        esac
    fi
    local propagated
    if [ -e "$1/nix-support/propagated-build-inputs" ]; then
        for propagated in $(cat "$1/nix-support/propagated-build-inputs"); do findInput "$propagated"; done
    fi
}
for input in ${nativeBuildInputs:-} ${buildInputs:-} ${propagatedBuildInputs:-}; do findInput "$input"; done

runSnippet() {
    eval "local snippet=\"\${$1:-}\""
    eval "$snippet"
}

runPhase() {
    echo "Running phase: $1"
    eval "local replaced=\"\${$1:-}\""
    if [ -n "$replaced" ]; then eval "$replaced"; else "default_$1"; fi
}

default_unpackPhase() {
    if [ -z "${src:-}" ]; then return 0; fi
    echo "unpacking source archive $src"
    sh "$src"
    cd "${sourceRoot:-$pname-$version}"
}

default_patchPhase() {
    runSnippet prePatch
    local file
    for file in ${patches:-}; do
        echo "applying patch $file"
        patch -p1 < "$file"
    done
    runSnippet postPatch
}

default_configurePhase() {
    runSnippet preConfigure
    if [ -x configure ]; then
        sh ./configure --prefix="$out" --bindir="$bin/bin" --libdir="$lib/lib" --includedir="$dev/include" \
            ${configureFlags:-}
    fi
    runSnippet postConfigure
}

default_buildPhase() {
    runSnippet preBuild
    if [ -x make ]; then sh ./make; fi
    runSnippet postBuild
}

default_checkPhase() {
    runSnippet preCheck
    if [ -x make ]; then sh ./make check; fi
    runSnippet postCheck
}

default_installPhase() {
    runSnippet preInstall
    if [ -x make ]; then sh ./make install; fi
    runSnippet postInstall
}

default_fixupPhase() {
    local output path
    for output in $outputs; do
        eval "path=\$$output"
        [ -e "$path" ] || mkdir -p "$path"
    done
    if [ -n "${propagatedBuildInputs:-}" ]; then
        mkdir -p "$dev/nix-support"
        echo "$propagatedBuildInputs" > "$dev/nix-support/propagated-build-inputs"
    fi
    runSnippet postFixup
}

genericBuild() {
    if [ -n "${buildCommand:-}" ]; then
        eval "$buildCommand"
        return 0
    fi
    local phase
    for phase in unpackPhase patchPhase configurePhase buildPhase; do runPhase "$phase"; done
    if [ -n "${doCheck:-}" ]; then runPhase checkPhase; fi
    runPhase installPhase
    runPhase fixupPhase
}
