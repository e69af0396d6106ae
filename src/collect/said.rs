//! The errors of collecting in Chinese; the English wording of each stands at its type.

use super::{CollectError, RecipeError, Refused, SinkError};
use vocabulary::Said;

impl Said for CollectError {
    fn zh(&self) -> String {
        match self {
            Self::Client(_) => "无法建立 HTTP 客户端；请检查系统的证书库".to_owned(),
            Self::Thread(_) => "无法为原始存档启动线程".to_owned(),
            Self::Archive(_) => "原始存档没有收下一次交换，不再继续抓取".to_owned(),
            Self::Store(_) => "抓取进度无法读取或写入".to_owned(),
            Self::Sink { source_id, .. } => format!("来源 {source_id}：信息没有被收下"),
            Self::Miscounted { source_id, given, answered } => {
                format!("来源 {source_id}：交出 {given} 条信息，却得到 {answered} 个回答")
            }
        }
    }
}

impl Said for RecipeError {
    fn zh(&self) -> String {
        match self {
            Self::At { file, line, detail } => format!("{file}:{line}：{}", detail.zh),
            Self::Unreadable { path, .. } => format!("无法从 {} 读取来源配方；请检查路径和权限", path.display()),
            Self::Twice { file, id, other } => format!("{file}：来源编号 `{id}` 已被 {other} 占用；编号不能重复"),
        }
    }
}

impl Said for Refused {
    fn zh(&self) -> String {
        match self {
            Self::Scheme(address) => {
                format!("`{address}` 不是爬虫会请求的地址：只用 http 和 https，地址里不能有密码")
            }
            Self::Inside(address) => format!(
                "{address} 是私有、环回或链路本地地址；如果来源确实在那里，环回地址要在配方里写 `allow_loopback = true`，\
                 其他内部地址一律不请求"
            ),
            Self::AllInside(host) => format!(
                "{host} 的每个地址都是私有、环回或链路本地地址；如果来源确实在本机，请在配方里写 `allow_loopback = true`"
            ),
        }
    }
}

impl Said for SinkError {
    fn zh(&self) -> String {
        "信息没有保存下来".to_owned()
    }
}
