//! What was dropped or chosen: names and file handles, and what of it can't be had. No file is read
//! here.

use std::cell::RefCell;
use std::rc::Rc;

use corsai_report::{Issue, IssueCode, Severity};
use js_sys::{Array, Function, JsString, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemDirectoryReader, FileSystemEntry,
    FileSystemFileEntry,
};

use crate::format;

/// More files than this are not a study.
pub const FILES_MAX: usize = 20_000;

/// Folders within folders beyond this are not followed.
const DEPTH_MAX: usize = 32;

/// The most files or folders that the issue names.
const NAMED: usize = 5;

/// A file and its name as it was dropped, with the folders above it.
#[derive(Debug, Clone)]
pub struct Dropped {
    pub name: String,
    pub file: File,
}

/// What a drop holds by its folders' lists, and what of it the browser could not hand out.
#[derive(Debug, Default)]
pub struct Listed {
    pub files: Vec<Dropped>,
    pub unreadable: Unreadable,
}

/// What the browser lists and then can't hand out: paths that are too long, missing rights, files
/// still in a cloud.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unreadable {
    pub files: usize,
    pub folders: usize,
    /// The first of them.
    pub names: Vec<String>,
}

impl Unreadable {
    fn name(&mut self, entry: &FileSystemEntry) {
        if self.names.len() < NAMED {
            self.names.push(path_of(entry));
        }
    }

    fn file(&mut self, entry: &FileSystemEntry) {
        self.files += 1;
        self.name(entry);
    }

    fn folder(&mut self, entry: &FileSystemEntry) {
        self.folders += 1;
        self.name(entry);
    }

    /// The issue to stay beside the numbers of the `found` other files; `None` where nothing is
    /// missing.
    pub fn issue(&self, found: usize) -> Option<Issue> {
        let all = self.files + found;
        let files = format!("{} of {} could not be opened", self.files, format::counted(all, "file", "files"));
        let folders = format!("{} could not be looked through", format::counted(self.folders, "folder", "folders"));
        let what = match (self.files, self.folders) {
            (0, 0) => return None,
            (_, 0) => files,
            (0, _) => folders,
            _ => format!("{files}, and {folders}"),
        };
        let (then, severity) = match found {
            0 => ("there is nothing to measure", Severity::Stop),
            _ => ("slices may be missing", Severity::Warning),
        };
        let message = format!(
            "{what}: {then}. Copy the study to a folder of this computer with a short path and open it again, or open it with “Choose folder”."
        );
        let issue = Issue { message, ..Issue::new(IssueCode::FileUnreadable, "") };
        Some(issue.with_severity(severity).with_files(self.names.clone()))
    }
}

/// Why a drop could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntakeError {
    /// More than [`FILES_MAX`].
    TooMany,
    /// No file at all.
    Nothing,
    /// Nothing of what is there can be had.
    Unreadable(Unreadable),
    /// The person wants something else by now.
    Overtaken,
}

/// What a drop holds; has to be taken while the event is being handled, for the browser empties it afterwards.
pub enum Drop {
    /// Entries that can be walked, each with the plain file that the browser gives in its place.
    Entries(Vec<(FileSystemEntry, Option<File>)>),
    /// Plain files, where the browser knows no entries.
    Files(Vec<Dropped>),
}

/// Takes a drop's content while its event lasts.
pub fn take(transfer: &DataTransfer) -> Drop {
    let items = transfer.items();
    let entries: Vec<_> = (0..items.length())
        .filter_map(|index| items.get(index))
        .filter(|item| item.kind() == "file")
        .filter_map(|item| Some((item.webkit_get_as_entry().ok().flatten()?, item.get_as_file().ok().flatten())))
        .collect();
    let files = listed(transfer.files());
    // Fewer entries than files: the browser has no entry for some.
    if entries.len() < files.len() { Drop::Files(files) } else { Drop::Entries(entries) }
}

/// The files of a list, by name.
pub fn listed(files: Option<FileList>) -> Vec<Dropped> {
    let Some(files) = files else { return Vec::new() };
    (0..files.length())
        .filter_map(|index| files.get(index))
        .map(|file| {
            let path = Reflect::get(&file, &JsValue::from_str("webkitRelativePath")).ok();
            let path = path.and_then(|p| p.as_string()).filter(|p| !p.is_empty());
            Dropped { name: path.unwrap_or_else(|| file.name()), file }
        })
        .collect()
}

/// Every file of a drop, folders walked to their end, ordered by name. `goes_on` hears how many
/// files are found so far, and says whether anybody waits for the others.
///
/// # Errors
/// [`IntakeError`].
pub async fn walk(drop: Drop, goes_on: impl Fn(usize) -> bool) -> Result<Listed, IntakeError> {
    let mut listed = match drop {
        Drop::Files(files) => Listed { files, ..Listed::default() },
        Drop::Entries(entries) => walk_entries(entries, goes_on).await?,
    };
    if listed.files.len() > FILES_MAX {
        return Err(IntakeError::TooMany);
    }
    if listed.files.is_empty() {
        let nothing = listed.unreadable == Unreadable::default();
        return Err(if nothing { IntakeError::Nothing } else { IntakeError::Unreadable(listed.unreadable) });
    }
    listed.files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(listed)
}

async fn walk_entries(
    entries: Vec<(FileSystemEntry, Option<File>)>,
    goes_on: impl Fn(usize) -> bool,
) -> Result<Listed, IntakeError> {
    let mut found = Listed::default();
    let mut waiting: Vec<(FileSystemEntry, Option<File>, usize)> =
        entries.into_iter().map(|(entry, file)| (entry, file, 0)).collect();
    while let Some((entry, plain, depth)) = waiting.pop() {
        if entry.is_directory() {
            let (inside, whole) = if depth < DEPTH_MAX { children(&entry).await } else { (Vec::new(), false) };
            waiting.extend(inside.into_iter().map(|e| (e, None, depth + 1)));
            if !whole {
                found.unreadable.folder(&entry);
            }
        } else if let Some(file) = file_of(&entry).await.or(plain) {
            found.files.push(Dropped { name: path_of(&entry), file });
        } else {
            found.unreadable.file(&entry);
        }
        if found.files.len() + waiting.len() > FILES_MAX {
            return Err(IntakeError::TooMany);
        }
        if !goes_on(found.files.len()) {
            return Err(IntakeError::Overtaken);
        }
    }
    Ok(found)
}

fn path_of(entry: &FileSystemEntry) -> String {
    entry.full_path().trim_start_matches('/').to_string()
}

/// The entries of a folder, and whether these are all; the browser hands them out in batches until
/// one is empty.
async fn children(folder: &FileSystemEntry) -> (Vec<FileSystemEntry>, bool) {
    // Chromium has the entries without their constructors, so a checked cast would always fail.
    let folder: &FileSystemDirectoryEntry = folder.unchecked_ref();
    let reader: FileSystemDirectoryReader = folder.create_reader();
    let mut found = Vec::new();
    loop {
        let batch = called_back(|done, failed| reader.read_entries_with_callback_and_callback(done, failed)).await;
        let Some(batch) = batch.and_then(|b| b.dyn_into::<Array>().ok()) else { return (found, false) };
        // Past the most that is taken the rest need not be listed.
        if batch.length() == 0 || found.len() > FILES_MAX {
            return (found, true);
        }
        found.extend(batch.iter().map(JsCast::unchecked_into::<FileSystemEntry>));
    }
}

async fn file_of(entry: &FileSystemEntry) -> Option<File> {
    let entry: &FileSystemFileEntry = entry.unchecked_ref();
    let file = called_back(|done, failed| {
        entry.file_with_callback_and_callback(done, failed);
        Ok(())
    });
    file.await?.dyn_into().ok()
}

/// Awaits a function of the old kind, which calls one of two functions back. `None` where it failed.
async fn called_back(call: impl FnOnce(&Function, &Function) -> Result<(), JsValue>) -> Option<JsValue> {
    let call = Rc::new(RefCell::new(Some(call)));
    let promise = Promise::new(&mut |resolve: Function, reject: Function| {
        if let Some(call) = call.borrow_mut().take()
            && call(&resolve, &reject).is_err()
        {
            let _ = reject.call1(&JsValue::NULL, &JsString::from("refused"));
        }
    });
    JsFuture::from(promise).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(files: usize, folders: usize) -> Unreadable {
        Unreadable { files, folders, names: vec!["study/IM0053.dcm".into()] }
    }

    #[test]
    fn what_cannot_be_opened_is_counted_and_named_beside_the_numbers() {
        let issue = missing(40, 0).issue(108).unwrap();
        assert_eq!((issue.code, issue.severity), (IssueCode::FileUnreadable, Severity::Warning));
        assert!(issue.message.starts_with("40 of 148 files could not be opened: slices may be missing."), "{issue:?}");
        assert_eq!(issue.files, ["study/IM0053.dcm"]);
        let issue = missing(1, 2).issue(0).unwrap();
        assert_eq!(issue.severity, Severity::Stop);
        let start = "1 of 1 file could not be opened, and 2 folders could not be looked through: there is nothing";
        assert!(issue.message.starts_with(start), "{issue:?}");
        assert_eq!(missing(0, 0).issue(3), None);
    }
}
