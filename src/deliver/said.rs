//! The errors of delivering in Chinese; the English wording of each stands at its type.

use super::DeliverError;
use vocabulary::Said;

impl Said for DeliverError {
    fn zh(&self) -> String {
        match self {
            Self::Store(error) => error.zh(),
            Self::Client(_) => "无法建立 HTTP 客户端".to_owned(),
            Self::Input(why) => why.zh(),
        }
    }
}
