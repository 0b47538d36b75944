//! Dropped and chosen files: their names and handles, and those that the browser can't hand out. No
//! file is read here.

use std::cell::RefCell;
use std::rc::Rc;

use corsai_report::{Counted, Found, Issue, IssueCode, Reason, Severity};
use js_sys::{Array, Function, JsString, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemDirectoryReader, FileSystemEntry,
    FileSystemFileEntry,
};

/// The most files of a drop.
pub const FILES_MAX: usize = 20_000;

/// The most folders within one another.
const DEPTH_MAX: usize = 32;

/// The most files and folders that the issue names.
const NAMED: usize = 5;

/// A file and its name as it was dropped, with the folders above it.
#[derive(Debug, Clone)]
pub struct NamedFile {
    /// Its path within the drop.
    pub name: String,
    /// The browser's handle.
    pub file: File,
}

/// The files of a drop, and those that the browser could not hand out.
#[derive(Debug, Default)]
pub struct FileListing {
    /// Ordered by name.
    pub files: Vec<NamedFile>,
    /// Entries that the browser lists and can't hand out.
    pub unreadable: UnreadableEntries,
}

/// Entries that the browser lists and can't hand out: their path is too long, rights are missing,
/// or they are still in a cloud.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnreadableEntries {
    /// Count of files.
    pub files: usize,
    /// Count of folders.
    pub folders: usize,
    /// The paths of the first few.
    pub names: Vec<String>,
}

impl UnreadableEntries {
    fn add_name(&mut self, entry: &FileSystemEntry) {
        if self.names.len() < NAMED {
            self.names.push(path_of(entry));
        }
    }

    fn add_file(&mut self, entry: &FileSystemEntry) {
        self.files += 1;
        self.add_name(entry);
    }

    fn add_folder(&mut self, entry: &FileSystemEntry) {
        self.folders += 1;
        self.add_name(entry);
    }

    /// Returns the issue to show beside the numbers of the `found` other files; `None` where
    /// nothing is missing.
    pub fn issue(&self, found: usize) -> Option<Issue> {
        if (self.files, self.folders) == (0, 0) {
            return None;
        }
        let [files, total, folders] = [self.files, self.files + found, self.folders].map(|count| count as u64);
        let severity = if found == 0 { Severity::Stop } else { Severity::Warning };
        let issue = Issue::new(IssueCode::FileUnreadable, [Found::Unopened { files, total, folders }]);
        Some(issue.with_severity(severity).with_files(self.names.clone()))
    }
}

/// Why a drop could not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntakeError {
    /// More than [`FILES_MAX`].
    TooMany,
    /// There is no file.
    Nothing,
    /// The browser can hand out none of the files.
    UnreadableEntries(UnreadableEntries),
    /// A newer command has replaced the drop.
    Superseded,
}

impl IntakeError {
    /// Returns the issue for the person; `None` where a newer command has replaced the drop.
    pub fn issue(self) -> Option<Issue> {
        match self {
            Self::TooMany => Some(Issue::new(
                IssueCode::InputTooMany,
                [Found::MoreThan { limit: FILES_MAX as u64, of: Counted::Files }],
            )),
            Self::Nothing => Some(Issue::new(IssueCode::InputNothing, [Reason::NoFile.into()])),
            Self::UnreadableEntries(unreadable) => unreadable.issue(0),
            Self::Superseded => None,
        }
    }
}

/// The items of a drop. They have to be taken out while the event is handled: the browser empties
/// it afterwards.
pub enum DroppedItems {
    /// Files and folders, each with the plain file that the browser gives for it.
    Entries(Vec<(FileSystemEntry, Option<File>)>),
    /// Plain files, where the browser has no entries.
    Files(Vec<NamedFile>),
}

/// Takes the items out of a drop's event.
pub fn take_items(transfer: &DataTransfer) -> DroppedItems {
    let items = transfer.items();
    let entries: Vec<_> = (0..items.length())
        .filter_map(|index| items.get(index))
        .filter(|item| item.kind() == "file")
        .filter_map(|item| Some((item.webkit_get_as_entry().ok().flatten()?, item.get_as_file().ok().flatten())))
        .collect();
    let files = named_files(transfer.files());
    // Fewer entries than files: the browser has no entry for some.
    if entries.len() < files.len() { DroppedItems::Files(files) } else { DroppedItems::Entries(entries) }
}

/// Returns the files of a list, with their paths.
pub fn named_files(files: Option<FileList>) -> Vec<NamedFile> {
    let Some(files) = files else { return Vec::new() };
    (0..files.length())
        .filter_map(|index| files.get(index))
        .map(|file| {
            let path = Reflect::get(&file, &JsValue::from_str("webkitRelativePath")).ok();
            let path = path.and_then(|p| p.as_string()).filter(|p| !p.is_empty());
            NamedFile { name: path.unwrap_or_else(|| file.name()), file }
        })
        .collect()
}

/// Returns every file of a drop and its folders, ordered by name. `keep_listing` is called with the
/// count of files so far, and returns whether to list further ones.
///
/// # Errors
/// [`IntakeError`].
pub async fn list_files(items: DroppedItems, keep_listing: impl Fn(usize) -> bool) -> Result<FileListing, IntakeError> {
    let mut listed = match items {
        DroppedItems::Files(files) => FileListing { files, ..FileListing::default() },
        DroppedItems::Entries(entries) => list_entries(entries, keep_listing).await?,
    };
    if listed.files.len() > FILES_MAX {
        return Err(IntakeError::TooMany);
    }
    if listed.files.is_empty() {
        let nothing = listed.unreadable == UnreadableEntries::default();
        return Err(if nothing { IntakeError::Nothing } else { IntakeError::UnreadableEntries(listed.unreadable) });
    }
    listed.files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(listed)
}

async fn list_entries(
    entries: Vec<(FileSystemEntry, Option<File>)>,
    keep_listing: impl Fn(usize) -> bool,
) -> Result<FileListing, IntakeError> {
    let mut found = FileListing::default();
    let mut waiting: Vec<(FileSystemEntry, Option<File>, usize)> =
        entries.into_iter().map(|(entry, file)| (entry, file, 0)).collect();
    while let Some((entry, plain, depth)) = waiting.pop() {
        if entry.is_directory() {
            let (inside, whole) = if depth < DEPTH_MAX { children(&entry).await } else { (Vec::new(), false) };
            waiting.extend(inside.into_iter().map(|e| (e, None, depth + 1)));
            if !whole {
                found.unreadable.add_folder(&entry);
            }
        } else if let Some(file) = file_of(&entry).await.or(plain) {
            found.files.push(NamedFile { name: path_of(&entry), file });
        } else {
            found.unreadable.add_file(&entry);
        }
        if found.files.len() + waiting.len() > FILES_MAX {
            return Err(IntakeError::TooMany);
        }
        if !keep_listing(found.files.len()) {
            return Err(IntakeError::Superseded);
        }
    }
    Ok(found)
}

fn path_of(entry: &FileSystemEntry) -> String {
    entry.full_path().trim_start_matches('/').to_string()
}

/// Returns the entries of a folder, and whether these are all. The browser hands them out in
/// batches until one is empty.
async fn children(folder: &FileSystemEntry) -> (Vec<FileSystemEntry>, bool) {
    // Chromium has the entries without their constructors, so a checked cast would always fail.
    let folder: &FileSystemDirectoryEntry = folder.unchecked_ref();
    let reader: FileSystemDirectoryReader = folder.create_reader();
    let mut found = Vec::new();
    loop {
        let batch = callback_promise(|done, failed| reader.read_entries_with_callback_and_callback(done, failed)).await;
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
    let file = callback_promise(|done, failed| {
        entry.file_with_callback_and_callback(done, failed);
        Ok(())
    });
    file.await?.dyn_into().ok()
}

/// Awaits a function that takes callbacks for success and failure; `None` where it failed.
async fn callback_promise(call: impl FnOnce(&Function, &Function) -> Result<(), JsValue>) -> Option<JsValue> {
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

    fn missing(files: usize, folders: usize) -> UnreadableEntries {
        UnreadableEntries { files, folders, names: vec!["study/IM0053.dcm".into()] }
    }

    #[test]
    fn unreadable_entries_are_counted_and_named_beside_the_numbers() {
        let issue = missing(40, 0).issue(108).unwrap();
        assert_eq!((issue.code, issue.severity), (IssueCode::FileUnreadable, Severity::Warning));
        assert_eq!(issue.found, [Found::Unopened { files: 40, total: 148, folders: 0 }]);
        assert_eq!(issue.files, ["study/IM0053.dcm"]);
        let issue = missing(1, 2).issue(0).unwrap();
        assert_eq!(issue.severity, Severity::Stop);
        assert_eq!(issue.found, [Found::Unopened { files: 1, total: 1, folders: 2 }]);
        assert_eq!(missing(0, 0).issue(3), None);
    }
}
