{ lib }:
builtins.mapAttrs (shortName: license: license // { inherit shortName; }) {
  agpl3Plus = { spdxId = "AGPL-3.0-or-later"; fullName = "GNU Affero General Public License v3.0 or later"; };
  asl20 = { spdxId = "Apache-2.0"; fullName = "Apache License 2.0"; };
  bsd2 = { spdxId = "BSD-2-Clause"; fullName = ''BSD 2-clause "Simplified" License''; };
  bsd3 = { spdxId = "BSD-3-Clause"; fullName = ''BSD 3-clause "New" or "Revised" License''; };
  gpl2Plus = { spdxId = "GPL-2.0-or-later"; fullName = "GNU General Public License v2.0 or later"; };
  gpl3Plus = { spdxId = "GPL-3.0-or-later"; fullName = "GNU General Public License v3.0 or later"; };
  isc = { spdxId = "ISC"; fullName = "ISC License"; };
  lgpl21Plus = { spdxId = "LGPL-2.1-or-later"; fullName = "GNU Lesser General Public License v2.1 or later"; };
  mit = { spdxId = "MIT"; fullName = "MIT License"; };
  mpl20 = { spdxId = "MPL-2.0"; fullName = "Mozilla Public License 2.0"; };
  postgresql = { spdxId = "PostgreSQL"; fullName = "PostgreSQL License"; };
  publicDomain = { fullName = "Public Domain"; };
  psfl = { spdxId = "Python-2.0"; fullName = "Python Software Foundation License version 2"; };
  zlib = { spdxId = "Zlib"; fullName = "zlib License"; };
}
