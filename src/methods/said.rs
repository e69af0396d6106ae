//! The errors of a call in Chinese; the English wording of each stands at its type. What one method says of its own settings is quoted.

use super::MethodError;
use vocabulary::Said;

impl Said for MethodError {
    fn zh(&self) -> String {
        match self {
            Self::Unknown(name) => format!("没有方法 `{name}`；`wanglou method --list` 列出全部"),
            Self::Config { id, what } => {
                let id = id.as_ref().map_or_else(String::new, |id| format!(" `{id}`"));
                format!("设置{id} 不能用：“{what}”")
            }
            Self::Input { file, line, what } => {
                let line = line.map_or_else(String::new, |line| format!(" 第 {line} 行"));
                format!("输入 {file}{line} 不能用：“{what}”")
            }
            Self::Table { method, table, known } => format!("`{method}` 没有表 `{table}`；有：{known}"),
        }
    }
}
