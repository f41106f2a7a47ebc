//! The client's settings, of all and of single folders.

use super::Owner;
use crate::settings::Settings;
use lsp_types::MessageType;
use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

impl Owner {
    /// Asks the client, where it can be asked.
    pub(super) fn fetch_settings(&mut self) {
        if self.world.abilities.configuration {
            let folder =
                |repo: &crate::world::Repo| Some((repo.root().to_owned(), crate::documents::file_uri(&repo.shown)?));
            let folders = self.world.repos.values().filter_map(folder).collect();
            self.askings += 1;
            self.outbox.fetch_settings(self.askings, folders, self.events.clone());
        }
    }

    pub(super) fn settings(&mut self, section: Option<&Value>, folders: &[(PathBuf, Value)]) {
        let mut changed = false;
        if let Some(section) = section {
            let settings = self.read(section);
            changed |= settings != self.world.settings;
            self.world.settings = settings;
        }
        let folders: HashMap<&PathBuf, &Value> = folders.iter().map(|(root, value)| (root, value)).collect();
        let roots: Vec<PathBuf> = self.world.repos.keys().cloned().collect();
        for root in roots {
            // What is said wrongly for all is not said again for each.
            let own = folders.get(&root).filter(|own| Some(**own) != section).map(|own| self.read(own));
            if let Some(repo) = self.repo(&root)
                && repo.settings != own
            {
                repo.settings = own;
                changed = true;
            }
        }
        if changed {
            self.dirty_all();
        }
        self.configured = true;
        for root in std::mem::take(&mut self.unreviewed) {
            self.review_alone(&root);
        }
    }

    fn read(&self, section: &Value) -> Arc<Settings> {
        let (settings, wrong) = Settings::read(section);
        if let Some(wrong) = wrong {
            self.outbox.show(MessageType::WARNING, &wrong);
        }
        Arc::new(settings)
    }
}
