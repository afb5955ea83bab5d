//! Lists the plugins that a template requires, and those that would do.

use planner::diagnostic::{Diagnostic, Diagnostics};
use planner::value::quote;
use plugins::discovery::shelf::Query;

use crate::exit::Exit;
use crate::frontend::{AnyParsed, Frontend, Refused};
use crate::options::PluginsRequiredOptions;
use crate::plugin_store::PluginStore;
use crate::session::Session;

const NONE: &str = "\nNo plugins requirement found, make sure you reference a Packer config\ncontaining a \
                    packer.required_plugins block. See\n\
                    https://www.packer.io/docs/templates/hcl_templates/blocks/packer\nfor more info.";

/// Runs `packer plugins required`. The template is read and nothing in it evaluated.
pub fn run(session: &mut Session, options: &PluginsRequiredOptions) -> Exit {
    PluginStore::with(session, |session, store| list(session, store, options))
}

fn list(session: &mut Session, store: &PluginStore, options: &PluginsRequiredOptions) -> Result<(), Refused> {
    let mut frontend = Frontend::new(session, &options.template, false)?;
    let AnyParsed::Hcl2(parsed) = frontend.parse(session, &options.template)? else {
        let summary = "Packer plugins currently only works with HCL2 configuration templates";
        let detail = "Legacy JSON templates cannot say which plugins they require. Write the template in HCL2, or \
                      install the plugins it uses with packer plugins install.";
        frontend.show(session, &Diagnostics::from(Diagnostic::error(summary, detail, None)));
        return Err(Refused);
    };
    for plugin in &parsed.template.plugins {
        let query = Query { source: Some(&plugin.source), constraint: &plugin.version, releases_only: false };
        let mut line = format!("{} {} {}", plugin.name, plugin.source, quote(&plugin.version.to_string()));
        for installation in store.list(session, &query)? {
            line.push(' ');
            line.push_str(&installation.path.to_string_lossy());
        }
        session.message(&line);
    }
    if parsed.template.plugins.is_empty() {
        session.message(NONE);
    }
    Ok(())
}
