//! How many keys use each hash template: what a key's share in it hangs on.

use super::fold::{Plan, Task, fold};
use super::stretch::{Source, Worker};
use crate::bytes::Fault;
use crate::entries::{Elements, Entry, TemplateUse};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Counts, in a pass of its own, the keys that use each template of the snapshot, by its id in
/// the file. Without templates there is no pass.
#[must_use]
pub fn template_uses(source: Source<'_>, plan: &Plan<'_>) -> HashMap<u64, u64> {
    if source.head.templates.is_empty() {
        return HashMap::new();
    }
    let count = Count::default();
    fold(source, &count, &Plan { checksum: false, ..*plan });
    count.0.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Count(Mutex<HashMap<u64, u64>>);

#[derive(Default)]
struct Seen(Option<u64>);

impl Elements for Seen {
    fn template(&mut self, template: TemplateUse) {
        if let TemplateUse::Defined { id, .. } = template {
            self.0 = Some(id);
        }
    }
}

impl Worker for Seen {
    type Part = HashMap<u64, u64>;
    type Elements = Self;

    fn begin(&mut self, _: &Entry<'_>) -> Result<bool, Fault> {
        Ok(true)
    }

    fn elements(&mut self) -> &mut Self {
        self
    }

    fn end(&mut self, _: &Entry<'_>, part: &mut Self::Part) -> Result<(), Fault> {
        if let Some(id) = self.0.take() {
            *part.entry(id).or_default() += 1;
        }
        Ok(())
    }
}

impl Task for Count {
    type Part = HashMap<u64, u64>;
    type Worker = Seen;
    const ORDERED: bool = false;

    fn worker(&self) -> Seen {
        Seen::default()
    }

    fn part(&self) -> Self::Part {
        HashMap::new()
    }

    fn take(&self, part: Self::Part, _: u64) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, uses) in part {
            *all.entry(id).or_default() += uses;
        }
        true
    }
}
