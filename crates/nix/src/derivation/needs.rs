//! The two parts of a derivation's file that say what depends on what: all that a graph of a whole
//! package set needs, at a fraction of the time that reading the rest takes.

/// What a derivation's file begins with: its outputs and the derivations that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs<'a> {
    /// The derivations that it needs.
    pub derivations: Vec<&'a str>,
    /// Its outputs' paths.
    pub outputs: Vec<&'a str>,
    /// Whether the output's hash is given, as that of a download is: what it is made with does not
    /// change its path then.
    pub is_fixed: bool,
}

/// Reads the beginning of a derivation's file: `Derive([outputs],[derivations],..`. Nix writes
/// store paths without escapes.
///
/// # Errors
/// Says what is not as Nix writes it.
pub fn parse(text: &str) -> Result<Needs<'_>, &'static str> {
    let mut rest = Rest(text);
    rest.expect("Derive(")?;
    let mut needs = Needs {
        derivations: Vec::new(),
        outputs: Vec::new(),
        is_fixed: false,
    };
    rest.list(|rest| {
        rest.expect("(")?;
        rest.text()?;
        rest.expect(",")?;
        needs.outputs.push(rest.text()?);
        rest.expect(",")?;
        needs.is_fixed |= !rest.text()?.is_empty();
        rest.expect(",")?;
        rest.text()?;
        rest.expect(")")
    })?;
    rest.expect(",")?;
    rest.list(|rest| {
        rest.expect("(")?;
        needs.derivations.push(rest.text()?);
        rest.expect(",")?;
        rest.list(|rest| rest.text().map(drop))?;
        rest.expect(")")
    })?;
    Ok(needs)
}

struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn expect(&mut self, text: &str) -> Result<(), &'static str> {
        self.0 = self
            .0
            .strip_prefix(text)
            .ok_or("it is not written as Nix writes derivations")?;
        Ok(())
    }

    fn text(&mut self) -> Result<&'a str, &'static str> {
        self.expect("\"")?;
        let end = self.0.find('"').ok_or("a text does not end")?;
        let (text, rest) = self.0.split_at(end);
        if text.contains('\\') {
            return Err("a path has an escape");
        }
        self.0 = &rest[1..];
        Ok(text)
    }

    fn list(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<(), &'static str>,
    ) -> Result<(), &'static str> {
        self.expect("[")?;
        if self.expect("]").is_ok() {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.expect("]").is_ok() {
                return Ok(());
            }
            self.expect(",")?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_and_inputs_are_read() {
        let text = r#"Derive([("dev","/s/b-x-dev","",""),("out","/s/a-x","","")],[("/s/c.drv",["out"]),("/s/d.drv",["dev","out"])],["/s/builder.sh"],"x86_64-linux","/bin/sh",[],[("a","\"")])"#;
        let needs = parse(text).unwrap();
        assert_eq!(needs.derivations, ["/s/c.drv", "/s/d.drv"]);
        assert_eq!(needs.outputs, ["/s/b-x-dev", "/s/a-x"]);
        assert!(!needs.is_fixed);
    }

    #[test]
    fn a_download_is_fixed() {
        let text =
            r#"Derive([("out","/s/a-x","sha256","00")],[],[],"x86_64-linux","/bin/sh",[],[])"#;
        let needs = parse(text).unwrap();
        assert!(needs.is_fixed && needs.derivations.is_empty());
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "Derive(",
            "Derive([",
            "Derive([],[(\"a",
            "Derive([],[(\"\\\"\",[])])",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
