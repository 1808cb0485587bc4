//! What a shared object offers to who is linked with it.

use std::collections::BTreeSet;

use object::elf::{
    DT_SONAME, ET_DYN, FileHeader32, FileHeader64, SHT_DYNSYM, STB_LOCAL, STT_FILE, STT_SECTION,
    STV_HIDDEN, STV_INTERNAL,
};
use object::read::elf::{FileHeader, Sym, VersionTable};
use object::{Endianness, FileKind, SymbolIndex};

/// What a shared object offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offered {
    /// The name that others ask for.
    pub(super) soname: Option<String>,
    /// Symbols as `name`, or `name@version`.
    pub(super) symbols: BTreeSet<String>,
}

/// What a file offers; `None` where it is no shared object.
///
/// # Errors
/// What is wrong with one, for a person.
pub(super) fn offered(file: &[u8]) -> Result<Option<Offered>, String> {
    let offered = match FileKind::parse(file) {
        Ok(FileKind::Elf32) => of_class::<FileHeader32<Endianness>>(file),
        Ok(FileKind::Elf64) => of_class::<FileHeader64<Endianness>>(file),
        Ok(_) | Err(_) => return Ok(None),
    };
    offered.map_err(|error| error.to_string())
}

fn of_class<H: FileHeader<Endian = Endianness>>(file: &[u8]) -> object::Result<Option<Offered>> {
    let header = H::parse(file)?;
    let endian = header.endian()?;
    if header.e_type(endian) != ET_DYN {
        return Ok(None);
    }
    let sections = header.sections(endian, file)?;
    let dynamic = sections.dynamic_table(endian, file)?;
    let mut soname = None;
    for entry in &dynamic {
        if entry.tag == DT_SONAME {
            soname = Some(text(dynamic.string(entry)?));
        }
    }
    let versions = sections.versions(endian, file)?;
    let table = sections.symbols(endian, file, SHT_DYNSYM)?;
    let mut symbols = BTreeSet::new();
    for (index, symbol) in table.enumerate() {
        if is_offered(symbol, endian) {
            let name = text(table.symbol_name(endian, symbol)?);
            symbols.insert(match version(versions.as_ref(), endian, index)? {
                Some(version) => format!("{name}@{version}"),
                None => name,
            });
        }
    }
    Ok(Some(Offered { soname, symbols }))
}

fn is_offered<S: Sym<Endian = Endianness>>(symbol: &S, endian: Endianness) -> bool {
    !symbol.is_undefined(endian)
        && symbol.st_name(endian) != 0
        && symbol.st_bind() != STB_LOCAL
        && ![STT_FILE, STT_SECTION].contains(&symbol.st_type())
        && ![STV_HIDDEN, STV_INTERNAL].contains(&symbol.st_visibility())
}

fn version<H: FileHeader<Endian = Endianness>>(
    versions: Option<&VersionTable<'_, H>>,
    endian: Endianness,
    symbol: SymbolIndex,
) -> object::Result<Option<String>> {
    let Some(versions) = versions else {
        return Ok(None);
    };
    let index = versions.version_index(endian, symbol).index();
    let version = versions.version(index)?;
    Ok(version.map(|version| text(version.name())))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
