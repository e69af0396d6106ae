//! A paper of a matter: printed, or as a file.

use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow};
use jiff::civil::Date;

use crate::lang::tr;
use crate::{Failure, cannot_write, pipeline_failure, say};
use archive::ArchiveError;
use archive::files::publish;
use matter::paper::PaperKind;
use pipeline::Folder;
use vocabulary::AlertId;

/// Makes a paper; without a file it is printed as text.
pub(super) async fn run(
    folder: &Folder,
    id: &AlertId,
    kind: PaperKind,
    to: Option<&str>,
    out: Option<&Path>,
    today: Date,
) -> Result<(), Failure> {
    let made = folder.paper(id, kind, to, today).await.map_err(pipeline_failure)?;
    let (zh, en) = (kind.zh(), kind.code());
    let paper = made.ok_or_else(|| {
        Failure::Input(anyhow!(tr!("预警 {id} 没有{zh}可写", "alert `{id}` gives nothing for a `{en}`")))
    })?;
    let Some(out) = out else { return say(paper.text().trim_end()) };
    let bytes = match out.extension().and_then(|ending| ending.to_str()) {
        Some("docx") => web::paper_as_docx(&paper).with_context(|| cannot_write(out))?,
        Some("pdf") => web::paper_as_pdf(&paper),
        Some("txt") => paper.text().into_bytes(),
        _ => {
            return Err(Failure::Input(anyhow!(tr!(
                "{}：文件名应以 .docx、.pdf 或 .txt 结尾",
                "{}: name it .docx, .pdf or .txt",
                out.display()
            ))));
        }
    };
    let write = |aside: &Path| {
        fs::write(aside, &bytes).map_err(|source| ArchiveError::Io { what: "write", path: aside.to_owned(), source })
    };
    publish(out, write).with_context(|| cannot_write(out))?;
    say(tr!("{}：{} 字节", "{}: {} bytes", out.display(), bytes.len()))
}
