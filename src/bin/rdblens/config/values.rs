//! What `show` and `export` do.

use super::{Form, Host, TOP_LIMIT, Task, drawn};
use crate::args::{self, ReportFormat};
use rdblens::report::{Length, escape};
use rdblens::values::Form as ValueForm;

/// Which key is shown, and how.
#[derive(Debug, Clone)]
pub struct Show {
    /// Its name, in every way in which what was typed can be meant.
    pub names: Vec<Vec<u8>>,
    /// Its database, if not all.
    pub db: Option<u64>,
    /// Whether its content is shown.
    pub value: bool,
    /// How many of its largest elements are listed.
    pub top: usize,
    /// The form.
    pub form: Form,
}

/// How keys are exported.
#[derive(Debug, Clone, Copy)]
pub struct Export {
    /// The form.
    pub form: ValueForm,
    /// How many are wanted at the most.
    pub limit: Option<u64>,
    /// Whether it is no failure when some cannot be.
    pub skip_undecodable: bool,
}

pub(super) fn show(wishes: &args::Show, host: &Host) -> Result<Task, String> {
    if wishes.top > TOP_LIMIT {
        return Err(format!("--top: {TOP_LIMIT} at the most"));
    }
    let typed = wishes.key.as_encoded_bytes().to_vec();
    let meant = escape::unescape(&typed).filter(|meant| *meant != typed);
    let args::Show { input, db, value, top, format, look, .. } = wishes;
    let form = match format {
        ReportFormat::Json => Form::Json,
        ReportFormat::Text => {
            Form::Text(drawn(input.output.is_some(), *look, Length::Screen, host))
        }
    };
    let names = std::iter::once(typed).chain(meant).collect();
    Ok(Task::Show(Show { names, db: *db, value: *value, top: *top, form }))
}

pub(super) fn export(wishes: &args::Export, host: &Host) -> Result<Task, String> {
    let form = match wishes.format {
        args::ExportFormat::Json => ValueForm::Json,
        args::ExportFormat::Resp => ValueForm::Resp,
    };
    let to_terminal = host.stdout_columns.is_some() && wishes.input.output.is_none();
    if form == ValueForm::Resp && to_terminal {
        let what = "values as they are could harm a terminal";
        return Err(format!("--format resp: {what}; pipe them, or name a file with -o"));
    }
    let args::Export { limit, skip_undecodable, .. } = *wishes;
    Ok(Task::Export(Export { form, limit, skip_undecodable }))
}
