//! What `inspect` tells of a legacy template, for people and for programs.

use planner::legacy::LegacyTemplate;

use crate::session::Session;

const NOTE: &str = "\nNote: If your build names contain user variables or template\nfunctions such as 'timestamp', these \
                    are processed at build time,\nand therefore only show in their raw form here.";

/// Shows the parts of a template as they are written.
pub fn show_legacy(session: &mut Session, template: &LegacyTemplate) {
    session.say("Packer Inspect: JSON mode");
    if !template.description.is_empty() {
        session.say("Description:\n");
        session.say(&format!("{}\n", template.description));
    }
    show_variables(session, template);
    session.say("");
    show_builders(session, template);
    session.say("");
    show_provisioners(session, template);
    session.say(NOTE);
}

fn show_variables(session: &mut Session, template: &LegacyTemplate) {
    if template.variables.is_empty() {
        session.say("Variables:\n");
        session.say("  <No variables>");
        return;
    }
    let is_secret = |default: &str| {
        template.sensitive.iter().any(|name| template.variables.get(name).is_some_and(|other| other.default == default))
    };
    let shown = |default: &str| if is_secret(default) { "<sensitive>".to_owned() } else { default.to_owned() };
    let mut required = template.variables.iter().filter(|(_, variable)| variable.required).peekable();
    if required.peek().is_some() {
        session.say("Required variables:\n");
        for (name, variable) in required {
            session.machine(None, "template-variable", &[name.to_string(), shown(&variable.default), "1".to_owned()]);
            session.say(&format!("  {name}"));
        }
        session.say("");
    }
    session.say("Optional variables and their defaults:\n");
    let width = width(template.variables.keys());
    for (name, variable) in template.variables.iter().filter(|(_, variable)| !variable.required) {
        let default = shown(&variable.default);
        session.machine(None, "template-variable", &[name.to_string(), default.clone(), "0".to_owned()]);
        session.say(&format!("  {} = {default}", padded(name, width)));
    }
}

fn show_builders(session: &mut Session, template: &LegacyTemplate) {
    session.say("Builders:\n");
    if template.builders.is_empty() {
        session.say("  <No builders>");
    }
    let width = width(template.builders.keys());
    for (name, builder) in &template.builders {
        let kind = if *name == builder.kind { String::new() } else { format!(" ({})", builder.kind) };
        session.machine(None, "template-builder", &[name.to_string(), builder.kind.to_string()]);
        session.say(&format!("  {}{kind}", padded(name, width)));
    }
}

fn show_provisioners(session: &mut Session, template: &LegacyTemplate) {
    session.say("Provisioners:\n");
    if template.provisioners.is_empty() {
        session.say("  <No provisioners>");
    }
    for provisioner in &template.provisioners {
        session.machine(None, "template-provisioner", &[provisioner.kind.to_string()]);
        session.say(&format!("  {}", provisioner.kind));
    }
}

/// Columns are measured in bytes.
fn width<'a>(names: impl Iterator<Item = &'a std::sync::Arc<str>>) -> usize {
    names.map(|name| name.len()).max().unwrap_or_default()
}

fn padded(name: &str, width: usize) -> String {
    format!("{name}{}", " ".repeat(width.saturating_sub(name.len())))
}
