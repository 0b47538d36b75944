//! What was dropped or chosen: names and file handles. No file is read here.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, JsString, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemDirectoryReader, FileSystemEntry,
    FileSystemFileEntry,
};

/// More files than this are not a study.
pub const FILES_MAX: usize = 20_000;

/// Folders within folders beyond this are not followed.
const DEPTH_MAX: usize = 32;

/// A file and its name as it was dropped, with the folders above it.
#[derive(Debug, Clone)]
pub struct Dropped {
    pub name: String,
    pub file: File,
}

/// Why a drop could not be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntakeError {
    /// More than [`FILES_MAX`].
    TooMany,
    /// No file at all.
    Nothing,
}

/// What a drop holds; has to be taken while the event is being handled, for the browser empties it afterwards.
pub enum Drop {
    /// Entries that can be walked.
    Entries(Vec<FileSystemEntry>),
    /// Plain files, where the browser knows no entries.
    Files(Vec<Dropped>),
}

/// Takes a drop's content while its event lasts.
pub fn take(transfer: &DataTransfer) -> Drop {
    let items = transfer.items();
    let entries: Vec<FileSystemEntry> = (0..items.length())
        .filter_map(|index| items.get(index))
        .filter(|item| item.kind() == "file")
        .filter_map(|item| item.webkit_get_as_entry().ok().flatten())
        .collect();
    if entries.is_empty() { Drop::Files(listed(transfer.files())) } else { Drop::Entries(entries) }
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

/// Every file of a drop, folders walked to their end, ordered by name.
///
/// # Errors
/// [`IntakeError`].
pub async fn walk(drop: Drop) -> Result<Vec<Dropped>, IntakeError> {
    let mut found = match drop {
        Drop::Files(files) => files,
        Drop::Entries(entries) => walk_entries(entries).await?,
    };
    if found.is_empty() {
        return Err(IntakeError::Nothing);
    }
    if found.len() > FILES_MAX {
        return Err(IntakeError::TooMany);
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

async fn walk_entries(entries: Vec<FileSystemEntry>) -> Result<Vec<Dropped>, IntakeError> {
    let mut found = Vec::new();
    let mut waiting: Vec<(FileSystemEntry, usize)> = entries.into_iter().map(|e| (e, 0)).collect();
    while let Some((entry, depth)) = waiting.pop() {
        if entry.is_directory() {
            if depth < DEPTH_MAX {
                let inside = children(&entry).await;
                waiting.extend(inside.into_iter().map(|e| (e, depth + 1)));
            }
        } else if entry.is_file()
            && let Some(file) = file_of(&entry).await
        {
            let path = entry.full_path();
            found.push(Dropped { name: path.trim_start_matches('/').to_string(), file });
        }
        if found.len() + waiting.len() > FILES_MAX {
            return Err(IntakeError::TooMany);
        }
    }
    Ok(found)
}

/// The entries of a folder; the browser hands them out in batches until one is empty.
async fn children(folder: &FileSystemEntry) -> Vec<FileSystemEntry> {
    // Chromium has the entries without their constructors, so a checked cast would always fail.
    let folder: &FileSystemDirectoryEntry = folder.unchecked_ref();
    let reader: FileSystemDirectoryReader = folder.create_reader();
    let mut found = Vec::new();
    loop {
        let batch = called_back(|done, failed| reader.read_entries_with_callback_and_callback(done, failed)).await;
        let Some(batch) = batch.and_then(|b| b.dyn_into::<Array>().ok()).filter(|b| b.length() > 0) else {
            return found;
        };
        found.extend(batch.iter().map(JsCast::unchecked_into::<FileSystemEntry>));
        if found.len() > FILES_MAX {
            return found;
        }
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
