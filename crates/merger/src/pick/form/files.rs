//! The files of which a form consists, as texts.

use picket_domain::{MitigationName, PackageFolder, PrNumber};

/// The list of NixOS's modules.
pub(super) const MODULE_LIST: &str = "nixos/modules/module-list.nix";
/// What has one folder for each package, named after it, and needs no list.
pub(super) const BY_NAME: &str = "pkgs/by-name";

/// The module that loads those of all forms, and what the builder evaluates.
pub(super) const COMMON: [(&str, &str); 2] = [
    (
        "nixos/modules/security/channel/default.nix",
        include_str!("default.nix"),
    ),
    (
        "nixos/modules/security/channel/checks.nix",
        include_str!("checks.nix"),
    ),
];

/// The list of modules with the channel's in it; `None` where it is no list that ends as usual.
pub(super) fn listed(list: &str) -> Option<String> {
    const LINE: &str = "  ./security/channel\n";
    if list.contains(LINE) {
        return Some(list.to_owned());
    }
    let end = list.trim_end().strip_suffix("\n]")?.len() + 1;
    Some(format!("{}{LINE}{}", &list[..end], &list[end..]))
}

/// The module of a form.
pub(super) fn module_path(pr: PrNumber) -> String {
    format!("nixos/modules/security/channel/carried/{pr}.nix")
}

/// The name of a graft's attribute.
fn attribute(pr: PrNumber) -> String {
    format!("channel-graft-{pr}")
}

/// The file that gives a graft's attribute.
pub(super) fn package_path(pr: PrNumber) -> String {
    format!("{BY_NAME}/ch/{}/package.nix", attribute(pr))
}

/// The folder with the fix, beside the one without: paths that lead out of it stay as they are.
pub(super) fn sibling(folder: &PackageFolder, pr: PrNumber) -> String {
    format!("{folder}-graft-{pr}")
}

/// What replaces what: the member's text, a list of `{ old; new; }`.
pub(super) fn pairs(pr: PrNumber, folder: Option<&PackageFolder>, text: &str) -> String {
    let folder = folder.map(|folder| sibling(folder, pr));
    let graft = match &folder {
        Some(folder) => {
            let path = folder.strip_prefix("pkgs/").unwrap_or(folder);
            format!("let\n  # The package's folder with the fix.\n  graft = ../../../{path};\nin\n")
        }
        None => String::new(),
    };
    format!(
        "# What pull request {pr} replaces, and by what: see nixos/modules/security/channel.\n\
         {{ pkgs }}:\nwith pkgs;\n{graft}(\n{}\n)\n",
        text.trim_end()
    )
}

/// The module of a graft.
pub(super) fn graft_module(pr: PrNumber) -> String {
    let attribute = attribute(pr);
    format!(
        "# A graft: what pull request {pr} fixes, until this channel's packages are built with the fix.\n\
         {{\n  config,\n  lib,\n  pkgs,\n  ...\n}}:\n\
         let\n  replace =\n    {{ old, new, ... }}:\n    map (output: {{\n      \
         oldDependency = old.${{output}};\n      newDependency = new.${{output}};\n    \
         }}) old.outputs;\n  differs = one: toString one.oldDependency != toString one.newDependency;\nin\n\
         {{\n  config.system.replaceDependencies.replacements = \
         lib.mkIf config.security.channel.grafts.enable (\n    \
         builtins.filter differs (lib.concatMap replace (lib.toList pkgs.{attribute}))\n  );\n}}\n"
    )
}

/// The module of a mitigation: the member's text is what it sets.
pub(super) fn mitigation_module(pr: PrNumber, name: &MitigationName, text: &str) -> String {
    let option = format!("security.channel.mitigations.\"{name}\".enable");
    format!(
        "# A mitigation of what pull request {pr} fixes, until this channel has the fix.\n\
         {{\n  config,\n  lib,\n  pkgs,\n  ...\n}}:\n\
         {{\n  options.{option} = lib.mkOption {{\n    type = lib.types.bool;\n    \
         default = true;\n    description = \"Whether to keep what pull request {pr} fixes from \
         being used, until it is fixed.\";\n  }};\n\n  \
         config = lib.mkIf config.{option} (\n{}\n  );\n}}\n",
        text.trim_end()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_listed_once_at_the_end() {
        let list = "{ lib }:\n[\n  ./config/gtk.nix\n]\n";
        let with = listed(list).unwrap();
        assert_eq!(
            with,
            "{ lib }:\n[\n  ./config/gtk.nix\n  ./security/channel\n]\n"
        );
        assert_eq!(listed(&with).as_deref(), Some(with.as_str()));
        assert_eq!(listed("[ ./a.nix ] ++ x\n"), None);
        assert_eq!(listed(""), None);
    }

    #[test]
    fn the_texts() {
        let pr = PrNumber(4245);
        let folder = PackageFolder::parse("pkgs/development/libraries/openssl").unwrap();
        let text = "[ { old = openssl; new = callPackage graft { }; } ]\n";
        insta::assert_snapshot!(pairs(pr, Some(&folder), text), @"
        # What pull request 4245 replaces, and by what: see nixos/modules/security/channel.
        { pkgs }:
        with pkgs;
        let
          # The package's folder with the fix.
          graft = ../../../development/libraries/openssl-graft-4245;
        in
        (
        [ { old = openssl; new = callPackage graft { }; } ]
        )
        ");
        insta::assert_snapshot!(graft_module(pr), @"
        # A graft: what pull request 4245 fixes, until this channel's packages are built with the fix.
        {
          config,
          lib,
          pkgs,
          ...
        }:
        let
          replace =
            { old, new, ... }:
            map (output: {
              oldDependency = old.${output};
              newDependency = new.${output};
            }) old.outputs;
          differs = one: toString one.oldDependency != toString one.newDependency;
        in
        {
          config.system.replaceDependencies.replacements = lib.mkIf config.security.channel.grafts.enable (
            builtins.filter differs (lib.concatMap replace (lib.toList pkgs.channel-graft-4245))
          );
        }
        ");
        let name = MitigationName::parse("cve-2026-31431").unwrap();
        let text = "{\n  boot.blacklistedKernelModules = [ \"algif_aead\" ];\n}\n";
        insta::assert_snapshot!(mitigation_module(pr, &name, text), @r#"
        # A mitigation of what pull request 4245 fixes, until this channel has the fix.
        {
          config,
          lib,
          pkgs,
          ...
        }:
        {
          options.security.channel.mitigations."cve-2026-31431".enable = lib.mkOption {
            type = lib.types.bool;
            default = true;
            description = "Whether to keep what pull request 4245 fixes from being used, until it is fixed.";
          };

          config = lib.mkIf config.security.channel.mitigations."cve-2026-31431".enable (
        {
          boot.blacklistedKernelModules = [ "algif_aead" ];
        }
          );
        }
        "#);
    }
}
