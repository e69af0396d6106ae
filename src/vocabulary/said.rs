//! How errors and reports are said in Chinese and in English: both wordings of a sentence stand side by side.

use std::fmt;

use super::Refused;

/// In which language people are spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// 中文, the language of the pages and of every output unless another was asked for.
    Chinese,
    /// English, for colleagues abroad. What rules say stays in the criteria file's own words; their ids are given.
    English,
}

impl Language {
    /// One of two fixed wordings.
    #[must_use]
    pub fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Self::Chinese => zh,
            Self::English => en,
        }
    }
}

/// An error that people are told of in either language.
///
/// Like [`Display`](std::fmt::Display), a wording does not name the causes: whoever shows the error walks
/// [`source`](std::error::Error::source) and says each cause by itself. What the system or a library said is quoted as it is.
pub trait Said: std::error::Error {
    /// The error in Chinese, without a full stop.
    fn zh(&self) -> String;

    /// The error in English: its `Display`.
    fn en(&self) -> String {
        self.to_string()
    }

    /// The error in one language.
    fn said(&self, language: Language) -> String {
        match language {
            Language::Chinese => self.zh(),
            Language::English => self.en(),
        }
    }
}

impl Said for Refused {
    fn zh(&self) -> String {
        self.zh.clone()
    }
}

/// A report that people read in either language.
pub trait Report {
    /// Writes it in one language.
    ///
    /// # Errors
    /// When `out` takes no more.
    fn write(&self, out: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result;

    /// The report in one language.
    fn text(&self, language: Language) -> String
    where
        Self: Sized,
    {
        struct Written<'a, T>(&'a T, Language);

        impl<T: Report> fmt::Display for Written<'_, T> {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write(out, self.1)
            }
        }

        Written(self, language).to_string()
    }
}

/// A cause that no room of this program words, in Chinese: what the system often says is translated, the rest is quoted as it is.
#[must_use]
pub fn cause_in_chinese(cause: &(dyn std::error::Error + 'static)) -> String {
    use std::io::ErrorKind;
    let Some(error) = cause.downcast_ref::<std::io::Error>() else { return Refused::quoted(cause).zh };
    let said = match error.kind() {
        ErrorKind::NotFound => "没有这个文件或目录",
        ErrorKind::PermissionDenied => "没有权限",
        ErrorKind::AlreadyExists => "已经存在",
        ErrorKind::NotADirectory => "不是目录",
        ErrorKind::IsADirectory => "是目录，不是文件",
        ErrorKind::DirectoryNotEmpty => "目录不是空的",
        ErrorKind::ReadOnlyFilesystem => "文件系统只读",
        ErrorKind::StorageFull => "磁盘已满",
        ErrorKind::AddrInUse => "地址已被占用",
        ErrorKind::AddrNotAvailable => "本机没有这个地址",
        ErrorKind::ConnectionRefused => "连接被拒绝",
        ErrorKind::TimedOut => "超时",
        _ => return Refused::quoted(error).zh,
    };
    error.raw_os_error().map_or_else(|| said.to_owned(), |code| format!("{said}（os error {code}）"))
}

/// An error with its causes in one line, for a reason that is kept or told elsewhere.
#[must_use]
pub fn with_causes(error: &dyn Said) -> Refused {
    let (mut zh, mut en) = (error.zh(), error.en());
    for cause in std::iter::successors(error.source(), |cause| cause.source()) {
        zh.push('：');
        zh.push_str(&cause_in_chinese(cause));
        en.push_str(": ");
        en.push_str(&cause.to_string());
    }
    Refused::new(zh, en)
}

/// In Chinese what was tried with a file or folder, as the errors of files name it in English: `read`, `write`.
#[must_use]
pub fn file_action(what: &str) -> &str {
    match what {
        "append to" => "续写",
        "clean" | "clear" | "clear old files in" => "清理",
        "copy to" => "复制到",
        "create" | "make" => "新建",
        "create the folder of" | "make the folder" => "新建目录",
        "cut the torn end of" => "截去残缺的末尾",
        "find" => "找到",
        "go on writing to" => "继续写入",
        "keep" | "keep finished work in" => "保存到",
        "list" => "列出",
        "lock" | "take the lock of" => "锁定",
        "make the data folder" => "新建数据目录",
        "make the output folder" => "新建输出目录",
        "measure" => "测量",
        "open" => "打开",
        "pack" => "打包",
        "put in place" => "换上",
        "put to the disk" | "sync" | "sync the folder" | "sync the folder of" => "写入磁盘",
        "read" | "read the lexicon version in" => "读取",
        "remove" | "remove the index in" => "删除",
        "rename" => "改名",
        "start a thread for" => "启动线程以运行",
        "write" | "write into" => "写入",
        _ => "处理",
    }
}

/// A message in one language: `said!(language, "{n} 条", "{n} documents")`. Both wordings take the same arguments.
#[macro_export]
macro_rules! said {
    ($language:expr, $zh:literal, $en:literal $(, $($argument:tt)*)?) => {
        match $language {
            $crate::Language::Chinese => format!($zh $(, $($argument)*)?),
            $crate::Language::English => format!($en $(, $($argument)*)?),
        }
    };
}

/// A [`Refused`] from its two wordings, which take the same arguments: `refused!("没有 {name}", "there is no {name}")`.
#[macro_export]
macro_rules! refused {
    ($zh:literal, $en:literal $(, $($argument:tt)*)?) => {
        $crate::Refused::new(format!($zh $(, $($argument)*)?), format!($en $(, $($argument)*)?))
    };
}
