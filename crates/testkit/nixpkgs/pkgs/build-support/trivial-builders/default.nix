self: super: {
  # A derivation made by a few lines of shell.
  runCommand =
    name: env: buildCommand:
    self.stdenv.mkDerivation (
      {
        inherit name buildCommand;
        preferLocalBuild = true;
      }
      // env
    );

  writeText =
    name: text:
    self.runCommand name {
      inherit text;
      passAsFile = [ "text" ];
    } ''cp "$textPath" "$out"'';

  replaceDependencies = import ../replace-dependencies {
    inherit (self) lib runCommand;
  };

  releaseTools = {
    # A job that stands for several: it succeeds when all of them do.
    aggregate =
      {
        name,
        constituents,
        meta ? { },
      }:
      self.runCommand name {
        inherit constituents meta;
        _hydraAggregate = true;
      } ''
        mkdir -p "$out/nix-support"
        printf '%s\n' $constituents > "$out/nix-support/constituents"
      '';
  };
}
