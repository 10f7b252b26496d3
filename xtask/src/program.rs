//! A WebAssembly program written anew, so that gzip makes it smaller: functions that are alike stand beside each other, and
//! imports have short names.

use std::collections::BTreeMap;
use std::convert::Infallible;

use anyhow::{Context, Result};
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, ImportSection, Module};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, FunctionBody, FunctionSectionReader, ImportSectionReader, Parser, Payload,
    TypeRef,
};

use crate::order::by_likeness;

/// The program with its functions ordered by likeness, with other names for the imports in `names`, and
/// without custom sections, which no browser needs.
pub fn rewrite(program: &[u8], names: &BTreeMap<String, String>) -> Result<Vec<u8>> {
    let (imported, functions) = functions(program).context("the program is no WebAssembly")?;
    let bodies: Vec<&[u8]> = functions.iter().map(|function| function.body.as_bytes()).collect();
    let order = by_likeness(&bodies);
    let mut numbers: Vec<u32> = (0..imported + order.len() as u32).collect();
    for (new, &old) in order.iter().enumerate() {
        numbers[imported as usize + old] = imported + new as u32;
    }
    let (mut module, mut rewritten) = (Module::new(), Rewritten { functions, order, numbers, names });
    rewritten.parse_core_module(&mut module, Parser::new(0), program).context("the program can't be written anew")?;
    Ok(module.finish())
}

/// A function that the program defines.
struct Function<'a> {
    signature: u32,
    body: FunctionBody<'a>,
}

/// The number of imported functions, and the functions that the program defines.
fn functions(program: &[u8]) -> Result<(u32, Vec<Function<'_>>)> {
    let (mut imported, mut signatures, mut bodies) = (0, Vec::new(), Vec::new());
    for part in Parser::new(0).parse_all(program) {
        match part? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::FunctionSection(section) => signatures = section.into_iter().collect::<Result<_, _>>()?,
            Payload::CodeSectionEntry(body) => bodies.push(body),
            _ => {}
        }
    }
    let functions = signatures.into_iter().zip(bodies).map(|(signature, body)| Function { signature, body });
    Ok((imported, functions.collect()))
}

/// Writes a module with its functions in `order`, and its imports with other `names`.
struct Rewritten<'a> {
    functions: Vec<Function<'a>>,
    order: Vec<usize>,
    /// The new number of each function, imported ones included.
    numbers: Vec<u32>,
    names: &'a BTreeMap<String, String>,
}

impl Reencode for Rewritten<'_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        Ok(self.numbers[function as usize])
    }

    fn parse_import_section(
        &mut self,
        section: &mut ImportSection,
        imports: ImportSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        for import in imports.into_imports() {
            let import = import?;
            let name = self.names.get(import.name).map_or(import.name, String::as_str);
            section.import(import.module, name, self.entity_type(import.ty)?);
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        section: &mut FunctionSection,
        _: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        for &old in &self.order {
            section.function(self.functions[old].signature);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        section: &mut CodeSection,
        _: CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        for new in 0..self.order.len() {
            let body = self.functions[self.order[new]].body.clone();
            self.parse_function_body(section, body)?;
        }
        Ok(())
    }

    fn parse_custom_section(&mut self, _: &mut Module, _: CustomSectionReader<'_>) -> Result<(), Error<Infallible>> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{EntityType, ExportKind, ExportSection, TypeSection, ValType};
    use wasmparser::Operator;

    use super::*;

    /// A module that imports a function and defines some, each with a signature (0: `()`, 1: `(i32)`) and a number of
    /// instructions that do nothing; then it calls a function. Their names as exports are their places here.
    fn module(defined: &[(u32, usize, u32)]) -> Vec<u8> {
        let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
        types.ty().function([], []);
        types.ty().function([ValType::I32], []);
        imports.import("page", "import", EntityType::Function(0));
        let (mut functions, mut exports, mut code) = (FunctionSection::new(), ExportSection::new(), CodeSection::new());
        for (place, &(signature, length, calls)) in defined.iter().enumerate() {
            functions.function(signature);
            exports.export(&place.to_string(), ExportKind::Func, place as u32 + 1);
            let mut function = wasm_encoder::Function::new([]);
            let mut body = function.instructions();
            (0..length).for_each(|_| _ = body.nop());
            body.call(calls).end();
            code.function(&function);
        }
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
        module.finish()
    }

    /// Signature, instructions that do nothing, and called function of each defined function.
    fn read(program: &[u8]) -> Vec<(u32, usize, u32)> {
        let read = |f: &Function| {
            let operators = f.body.get_operators_reader().unwrap().into_iter().map(Result::unwrap);
            let operators: Vec<_> = operators.collect();
            let called = operators.iter().find_map(|o| match o {
                Operator::Call { function_index } => Some(*function_index),
                _ => None,
            });
            (f.signature, operators.len() - 2, called.unwrap())
        };
        functions(program).unwrap().1.iter().map(read).collect()
    }

    #[test]
    fn functions_stand_by_likeness_and_keep_their_callers_and_names() {
        let before = module(&[(1, 2, 0), (0, 9, 1), (1, 1, 2), (0, 3, 4)]);
        let after = rewrite(&before, &BTreeMap::from([("import".to_owned(), "i0".to_owned())])).unwrap();
        assert_eq!(read(&after), [(1, 1, 4), (1, 2, 0), (0, 3, 3), (0, 9, 2)]);
        let (mut imports, mut exports) = (Vec::new(), Vec::new());
        for part in Parser::new(0).parse_all(&after) {
            match part.unwrap() {
                Payload::ImportSection(section) => imports.extend(section.into_imports().map(|i| i.unwrap().name)),
                Payload::ExportSection(section) => exports.extend(section.into_iter().map(|e| e.unwrap().index)),
                _ => {}
            }
        }
        assert_eq!((imports, exports), (vec!["i0"], vec![2, 4, 1, 3]));
        assert!(rewrite(b"no program", &BTreeMap::new()).is_err());
    }
}
