//! The contract between WGSL and Rust: every kernel of the tables is valid, binds the tensors of its table, and agrees
//! with Rust in sizes and constants; no shader is missing from the tables. All breaches are reported at once.

#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeSet;
use std::mem::offset_of;
use std::path::Path;

use naga::valid::{Capabilities, ModuleInfo, ShaderStages, SubgroupOperationSet, ValidationFlags, Validator};
use naga::{AddressSpace, Module, StorageAccess, TypeInner};
use time_traveller::gpu::tile::Tile;
use time_traveller::gpu::wgsl::{self, Dims, GROUP};
use time_traveller::kernels::output_loss::OUTPUT_LOSS;
use time_traveller::kernels::{LIBRARY, ORACLES, network_of};
use time_traveller::model::Config;
use time_traveller::model::config::{Cell, OptimizerChoice, Style};
use time_traveller::network::code::code_of;
use time_traveller::network::{Access, Extent, Gates, Kernel, Network};

/// Functions of the shared files that not every kernel needs.
const SHARED_FUNCTIONS: [&str; 2] = ["invocation", "workgroups_of_units"];

#[test]
fn every_kernel_keeps_the_contract() {
    let mut breaches = Vec::new();
    for (kernel, gates) in all_kernels() {
        for tile in Tile::ALL {
            breaches.extend(check(kernel, tile, gates).into_iter().map(|breach| format!("{}: {breach}", kernel.name)));
        }
    }
    breaches.dedup();
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

/// Every WGSL file in `src/kernels` is shared, or belongs to a kernel of the tables and is in its module's folder.
#[test]
fn every_shader_is_in_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/kernels");
    let mut files = BTreeSet::new();
    for folder in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        if folder.ends_with("shared") {
            continue;
        }
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let shaders = paths.filter(|path| path.extension().is_some_and(|extension| extension == "wgsl"));
        files.extend(shaders.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()));
    }
    assert_eq!(files, all_kernels().iter().map(|(kernel, _)| kernel.name.to_owned()).collect());
}

/// Code and oracles exist for exactly the kernels of the tables.
#[test]
fn tables_code_and_oracles_name_the_same_kernels() {
    let tables: BTreeSet<&str> = all_kernels().iter().map(|(kernel, _)| kernel.name).collect();
    let code: Vec<&str> = LIBRARY.iter().copied().flatten().map(|code| code.kernel).collect();
    let oracles: Vec<&str> = ORACLES.iter().copied().flatten().map(|(name, _)| *name).collect();
    for names in [code, oracles] {
        assert_eq!(names.len(), tables.len(), "{names:?}");
        assert_eq!(names.into_iter().collect::<BTreeSet<_>>(), tables);
    }
    let trained = networks().into_iter().flat_map(|network| network.training()).map(|stage| stage.kernel.name);
    let missing: Vec<&str> = trained.filter(|name| code_of(LIBRARY, name).cpu.is_none()).collect();
    assert!(missing.is_empty(), "the CPU engine can't do {missing:?}");
}

/// A network of each cell and style with two layers, with each optimizer, and the book's first.
fn networks() -> Vec<Network> {
    let mut networks = vec![network_of(&Config::default(), 2)];
    for cell in [Cell::Rnn, Cell::Gru, Cell::Lstm] {
        for style in [Style::Scratch, Style::Concise] {
            for optimizer in [OptimizerChoice::Sgd, OptimizerChoice::Momentum, OptimizerChoice::Adam] {
                networks.push(network_of(&Config { cell, style, layers: 2, optimizer, ..Config::default() }, 2));
            }
        }
    }
    networks
}

/// Every kernel with the gates of each cell that calls it.
fn all_kernels() -> Vec<(&'static Kernel, Gates)> {
    let mut all: Vec<(&Kernel, Gates)> = Vec::new();
    for network in networks() {
        let kernels = network.kernels().into_iter().map(|stage| stage.kernel).chain([&OUTPUT_LOSS]);
        for kernel in kernels {
            if !all.iter().any(|(known, gates)| (known.name, *gates) == (kernel.name, network.gates())) {
                all.push((kernel, network.gates()));
            }
        }
    }
    all
}

fn is_tiled(kernel: &Kernel) -> bool {
    matches!(kernel.extent, Extent::Product { .. })
}

fn check(kernel: &Kernel, tile: Tile, gates: Gates) -> Vec<String> {
    let source = wgsl::module(LIBRARY, kernel, tile, gates);
    let module = match naga::front::wgsl::parse_str(&source) {
        Ok(module) => module,
        Err(error) => return vec![error.emit_to_string(&source)],
    };
    let quads = is_tiled(kernel) && tile.quads;
    let capabilities = if quads { Capabilities::SUBGROUP } else { Capabilities::empty() };
    let mut validator = Validator::new(ValidationFlags::all(), capabilities);
    if quads {
        validator
            .subgroup_stages(ShaderStages::COMPUTE)
            .subgroup_operations(SubgroupOperationSet::QUAD_FRAGMENT_COMPUTE);
    }
    let info = match validator.validate(&module) {
        Ok(info) => info,
        Err(error) => return vec![error.emit_to_string(&source)],
    };
    let mut breaches = Vec::new();
    check_entry_point(kernel, tile, &module, &mut breaches);
    check_bindings(kernel, &module, &info, &mut breaches);
    check_dims(&module, &mut breaches);
    check_functions(&module, &mut breaches);
    breaches
}

fn check_entry_point(kernel: &Kernel, tile: Tile, module: &Module, breaches: &mut Vec<String>) {
    let [entry] = module.entry_points.as_slice() else {
        breaches.push(format!("{} entry points instead of one", module.entry_points.len()));
        return;
    };
    if entry.name != kernel.name {
        breaches.push(format!("the entry point is called {}", entry.name));
    }
    let threads = entry.workgroup_size.iter().product::<u32>() as usize;
    let expected = wgsl::tile_of(kernel, tile).map_or(GROUP, |tile| tile.group);
    if threads != expected {
        breaches.push(format!("a workgroup has {threads} threads, not {expected}"));
    }
}

/// Binding 0 is the uniform, followed by the table's tensors with their names and access; the kernel uses all of them.
fn check_bindings(kernel: &Kernel, module: &Module, info: &ModuleInfo, breaches: &mut Vec<String>) {
    let entry = info.get_entry_point(0);
    let mut found = Vec::new();
    for (handle, variable) in module.global_variables.iter() {
        let name = variable.name.clone().unwrap_or_default();
        let binding = variable.binding.as_ref().map(|binding| (binding.group, binding.binding));
        // Every kernel gets the uniform; not every one needs it.
        if entry[handle].is_empty() && name != "dims" {
            breaches.push(format!("{name} is not used"));
        }
        match variable.space {
            AddressSpace::Uniform => found.push((binding, name, None)),
            AddressSpace::Storage { access } => found.push((binding, name, Some(access))),
            _ => {}
        }
    }
    found.sort_by_key(|(binding, ..)| *binding);
    let tensors = (1..).zip(kernel.bindings).map(|(binding, &(name, access))| {
        let access = match access {
            Access::Read => StorageAccess::LOAD,
            Access::Write => StorageAccess::LOAD | StorageAccess::STORE,
        };
        (Some((0, binding)), name.to_owned(), Some(access))
    });
    let expected: Vec<_> = std::iter::once((Some((0, 0)), "dims".to_owned(), None)).chain(tensors).collect();
    if found != expected {
        breaches.push(format!("binds {found:?}, and the table says {expected:?}"));
    }
}

/// The uniform struct has the size and the member offsets of Rust's.
fn check_dims(module: &Module, breaches: &mut Vec<String>) {
    let expected = [
        ("batch", offset_of!(Dims, batch)),
        ("steps", offset_of!(Dims, steps)),
        ("hidden", offset_of!(Dims, hidden)),
        ("vocabulary", offset_of!(Dims, vocabulary)),
        ("batch_padded", offset_of!(Dims, batch_padded)),
        ("hidden_padded", offset_of!(Dims, hidden_padded)),
        ("vocabulary_padded", offset_of!(Dims, vocabulary_padded)),
        ("t", offset_of!(Dims, t)),
        ("times", offset_of!(Dims, times)),
        ("first", offset_of!(Dims, first)),
        ("learning_rate", offset_of!(Dims, learning_rate)),
        ("clip", offset_of!(Dims, clip)),
        ("momentum", offset_of!(Dims, momentum)),
        ("weight_decay", offset_of!(Dims, weight_decay)),
    ];
    let dims = module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some("Dims"));
    let Some(TypeInner::Struct { members, span }) = dims.map(|(_, ty)| &ty.inner) else {
        breaches.push("there is no struct Dims".to_owned());
        return;
    };
    if *span as usize != size_of::<Dims>() {
        breaches.push(format!("Dims has {span} bytes, and Rust's {}", size_of::<Dims>()));
    }
    let found: Vec<_> =
        members.iter().map(|member| (member.name.as_deref().unwrap_or_default(), member.offset as usize)).collect();
    if found != expected {
        breaches.push(format!("Dims is {found:?}, and Rust's {expected:?}"));
    }
}

/// Every function is reachable from the entry point.
fn check_functions(module: &Module, breaches: &mut Vec<String>) {
    let mut called = BTreeSet::new();
    let mut bodies: Vec<&naga::Block> = module.entry_points.iter().map(|entry| &entry.function.body).collect();
    while let Some(body) = bodies.pop() {
        for statement in body.iter() {
            match statement {
                naga::Statement::Call { function, .. } if called.insert(*function) => {
                    bodies.push(&module.functions[*function].body);
                }
                naga::Statement::Block(block) => bodies.push(block),
                naga::Statement::If { accept, reject, .. } => bodies.extend([accept, reject]),
                naga::Statement::Loop { body, continuing, .. } => bodies.extend([body, continuing]),
                naga::Statement::Switch { cases, .. } => bodies.extend(cases.iter().map(|case| &case.body)),
                _ => {}
            }
        }
    }
    for (handle, function) in module.functions.iter() {
        let name = function.name.clone().unwrap_or_default();
        if !called.contains(&handle) && !SHARED_FUNCTIONS.contains(&name.as_str()) {
            breaches.push(format!("function {name} is not used"));
        }
    }
}
