{ lib }:
rec {
  fakeHash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

  release = lib.strings.fileContents ./.version;
  version = release + versionSuffix;

  # `.version-suffix` is written into the tarballs of a channel.
  versionSuffix =
    let
      suffixFile = ../.version-suffix;
    in
    if builtins.pathExists suffixFile then lib.strings.fileContents suffixFile else "pre-git";

  # The commit that a channel's tarball was made of.
  revisionWithDefault =
    default:
    let
      revisionFile = ../.git-revision;
    in
    if builtins.pathExists revisionFile then lib.strings.fileContents revisionFile else default;
}
