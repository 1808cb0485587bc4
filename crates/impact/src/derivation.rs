//! The two parts of a derivation's file that say what depends on what.

/// What a derivation's file begins with: its outputs and the derivations that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inputs<'a> {
    /// The derivations that it needs.
    pub(crate) derivations: Vec<&'a str>,
    /// Its outputs' paths.
    pub(crate) outputs: Vec<&'a str>,
    /// Whether the output's hash is given, as that of a download is: what it is made with does not
    /// change its path then.
    pub(crate) is_fixed: bool,
}

/// Reads the beginning of a derivation's file: `Derive([outputs],[derivations],..`. Nix writes
/// store paths without escapes.
pub(crate) fn parse(text: &str) -> Result<Inputs<'_>, &'static str> {
    let mut rest = Rest(text);
    rest.expect("Derive(")?;
    let mut inputs = Inputs {
        derivations: Vec::new(),
        outputs: Vec::new(),
        is_fixed: false,
    };
    rest.list(|rest| {
        rest.expect("(")?;
        rest.text()?;
        rest.expect(",")?;
        inputs.outputs.push(rest.text()?);
        rest.expect(",")?;
        inputs.is_fixed |= !rest.text()?.is_empty();
        rest.expect(",")?;
        rest.text()?;
        rest.expect(")")
    })?;
    rest.expect(",")?;
    rest.list(|rest| {
        rest.expect("(")?;
        inputs.derivations.push(rest.text()?);
        rest.expect(",")?;
        rest.list(|rest| rest.text().map(drop))?;
        rest.expect(")")
    })?;
    Ok(inputs)
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
        let inputs = parse(text).unwrap();
        assert_eq!(inputs.derivations, ["/s/c.drv", "/s/d.drv"]);
        assert_eq!(inputs.outputs, ["/s/b-x-dev", "/s/a-x"]);
        assert!(!inputs.is_fixed);
    }

    #[test]
    fn a_download_is_fixed() {
        let text =
            r#"Derive([("out","/s/a-x","sha256","00")],[],[],"x86_64-linux","/bin/sh",[],[])"#;
        let inputs = parse(text).unwrap();
        assert!(inputs.is_fixed && inputs.derivations.is_empty());
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
