//! `wanglou run`: the service, with its pages.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;

use super::face::{Face, asked_to_end};
use super::lang::{pick, tr};
use super::{Common, Failure, deliver, pipeline_failure, tell};
use pipeline::{Clock, Service, ServiceSpec, Tower};
use store::SecretsKept;

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Settings file; see deploy/wanglou.toml for one with every key explained
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Port of the web face
    #[arg(long)]
    port: Option<u16>,
}

pub(super) async fn run(args: RunArgs, common: &Common) -> Result<(), Failure> {
    let settings = common.settings(args.config.as_deref(), args.port)?;
    let spec = ServiceSpec::of(&settings).map_err(pipeline_failure)?;
    if spec.recipes.is_empty() {
        tell(pick(
            "没有启用的来源：在设置文件里用 sources = \"目录\" 指定来源配方，并在配方中写 enabled = true",
            "no source is enabled: name the folder of recipes in the settings (sources = \"DIR\"), and write enabled = true in recipes",
        ));
    }
    let tower = Arc::new(Tower::open(&settings).await.map_err(pipeline_failure)?);
    let SecretsKept { plain, shut, .. } = tower.secrets_kept();
    if shut > 0 {
        tell(tr!(
            "{shut} 个接收端的地址或密钥被改动过，无法解密，不会向它们推送：见“推送”页，用 `wanglou deliver remove` 和 `add` 重建",
            "addresses or secrets of {shut} endpoints were changed and do not open, nothing is sent to them: see the page of deliveries, and make them anew with `wanglou deliver remove` and `add`"
        ));
    }
    if plain > 0 {
        tell(tr!(
            "数据目录里有 {plain} 项推送密钥和地址未加密：用 `wanglou secrets new FILE` 生成密钥，在设置文件里写 secrets_key_file = \"FILE\"，再启动即加密",
            "{plain} addresses and secrets of endpoints lie in the data folder as they are: make a key with `wanglou secrets new FILE`, name it in the settings (secrets_key_file = \"FILE\"), and the next start seals them"
        ));
    }
    let mut face = Face::open(&tower, &settings).await?;
    let courier = deliver::courier(&tower, settings.mail.as_ref())?;
    tell(pick("望楼已启动，按 Ctrl-C 结束", "wanglou is running, end it with Ctrl-C"));
    let service = Service::new(&tower, spec, Clock::new(now)).with_courier(courier, deliver::now);
    let until = async {
        tokio::select! {
            () = asked_to_end() => {}
            // A watch that nobody can see ends with the reason; whoever started it starts it again.
            () = face.ended() => {}
        }
        tell(pick("正在结束 …", "ending …"));
    };
    service.run(until).await?;
    face.close().await?;
    if let Some(tower) = Arc::into_inner(tower) {
        tower.close().await?;
    }
    Ok(())
}

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
    Timestamp::now()
}
