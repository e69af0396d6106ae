//! What is sold in this world: kinds of goods, the shelf a platform puts them on, and invented brands.

use vocabulary::Category;

/// How people talk about a kind of goods when nothing dangerous happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Talk {
    /// Plugs in or charges.
    Electric,
    /// Rides or drives.
    Vehicle,
    /// Worn or slept in.
    Textile,
    /// Soft, used once.
    Paper,
    /// Eaten or drunk.
    Food,
    /// Goes on skin, hair, dishes.
    Chemical,
    /// Everything else one holds or builds with.
    Solid,
}

/// One kind of goods.
#[derive(Debug)]
pub(super) struct Good {
    /// Our own name for it.
    pub(super) key: &'static str,
    /// Its category in the label set.
    pub(super) category: Category,
    /// Where a platform puts it.
    pub(super) shelf: &'static str,
    /// What people call it.
    pub(super) names: &'static [&'static str],
    /// Invented brands that sell it.
    pub(super) brands: &'static [&'static str],
    /// Cheapest and dearest, in yuan.
    pub(super) price_yuan: (u32, u32),
    /// How people talk about it.
    pub(super) talk: Talk,
}

/// Looks a kind of goods up by our name.
///
/// # Panics
/// When the name is not in the table; a test checks every script's.
pub(super) fn good(key: &str) -> &'static Good {
    GOODS.iter().find(|good| good.key == key).unwrap_or_else(|| panic!("no goods called `{key}` in the table"))
}

impl Good {
    /// Whether talk of shock and fire comes to mind.
    pub(super) fn has_power(&self) -> bool {
        matches!(self.talk, Talk::Electric | Talk::Vehicle)
    }

    /// Whether one can order it from a shelf: nobody reviews a lift on a marketplace.
    pub(super) fn is_sold_online(&self) -> bool {
        self.category != Category::ElevatorFacility && self.category != Category::Car
    }
}

/// Every brand of the world, sorted: invented names, for an analyst who wants them in the brand dictionary of a demo.
#[must_use]
pub fn brand_names() -> Vec<&'static str> {
    let mut names: Vec<&str> = GOODS.iter().flat_map(|good| good.brands).copied().collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[rustfmt::skip] // a table: one kind a line
pub(super) const GOODS: &[Good] = &[
    Good { key: "power_bank", category: Category::BatteryCharger, shelf: "手机配件/移动电源", names: &["充电宝", "移动电源", "磁吸充电宝"], brands: &["云鹊", "速沐", "能小满", "极砚", "蓝梭"], price_yuan: (49, 269), talk: Talk::Electric },
    Good { key: "charger", category: Category::BatteryCharger, shelf: "手机配件/充电器", names: &["充电器", "快充充电头", "充电头"], brands: &["速沐", "极砚", "蓝梭"], price_yuan: (19, 129), talk: Talk::Electric },
    Good { key: "ebike", category: Category::Ebike, shelf: "电动车/电动自行车", names: &["电动车", "电动自行车", "电瓶车"], brands: &["拓野", "风驿", "小枞", "绿骁", "捷途鹿", "驭澜"], price_yuan: (1899, 4599), talk: Talk::Vehicle },
    Good { key: "ebike_small", category: Category::Ebike, shelf: "运动出行/电动滑板车", names: &["电动滑板车", "成人滑板车"], brands: &["风驿", "轻踏"], price_yuan: (999, 2999), talk: Talk::Vehicle },
    Good { key: "formula", category: Category::DairyFormula, shelf: "母婴/婴幼儿奶粉", names: &["奶粉", "婴儿奶粉", "二段奶粉", "三段奶粉"], brands: &["禾安", "初牧", "乳小萌"], price_yuan: (168, 398), talk: Talk::Food },
    Good { key: "yogurt", category: Category::DairyFormula, shelf: "食品/牛奶乳品", names: &["酸奶", "纯牛奶", "鲜牛奶"], brands: &["初牧", "岭上牧歌"], price_yuan: (29, 89), talk: Talk::Food },
    Good { key: "bottle", category: Category::Tableware, shelf: "餐具水具/保温杯", names: &["保温杯", "吸管保温杯", "儿童保温杯"], brands: &["小橘灯", "温屿", "沐壶"], price_yuan: (39, 199), talk: Talk::Solid },
    Good { key: "cooker", category: Category::Tableware, shelf: "厨具/高压锅", names: &["高压锅", "压力锅"], brands: &["灶小福", "沐壶"], price_yuan: (129, 459), talk: Talk::Solid },
    Good { key: "crib", category: Category::InfantProduct, shelf: "母婴/婴儿床", names: &["婴儿床", "拼接婴儿床", "宝宝床"], brands: &["眠云", "木小宝"], price_yuan: (299, 1299), talk: Talk::Solid },
    Good { key: "diaper", category: Category::InfantProduct, shelf: "母婴/纸尿裤", names: &["纸尿裤", "拉拉裤"], brands: &["软月亮", "贝朵"], price_yuan: (59, 219), talk: Talk::Paper },
    Good { key: "heater", category: Category::SmallAppliance, shelf: "生活电器/取暖器", names: &["取暖器", "电暖器", "小太阳取暖器"], brands: &["暖川", "火炉边", "煦和"], price_yuan: (69, 499), talk: Talk::Electric },
    Good { key: "hair_dryer", category: Category::SmallAppliance, shelf: "个护电器/电吹风", names: &["电吹风", "吹风机"], brands: &["丝语", "煦和"], price_yuan: (59, 499), talk: Talk::Electric },
    Good { key: "blanket", category: Category::SmallAppliance, shelf: "生活电器/电热毯", names: &["电热毯", "水暖毯"], brands: &["暖川", "棉棉熊"], price_yuan: (79, 399), talk: Talk::Electric },
    Good { key: "mask", category: Category::Cosmetic, shelf: "美妆/面膜", names: &["面膜", "补水面膜", "舒缓面膜"], brands: &["芙栀", "素颜里", "雪芽"], price_yuan: (39, 199), talk: Talk::Chemical },
    Good { key: "sunscreen", category: Category::Cosmetic, shelf: "美妆/防晒", names: &["防晒霜", "防晒乳"], brands: &["素颜里", "雪芽"], price_yuan: (49, 239), talk: Talk::Chemical },
    Good { key: "power_strip", category: Category::LightingElectric, shelf: "电工/插座排插", names: &["插线板", "排插", "插座"], brands: &["稳电", "联桥", "方寸", "牛角尖", "华榫"], price_yuan: (19, 129), talk: Talk::Electric },
    Good { key: "lamp", category: Category::LightingElectric, shelf: "灯饰照明/台灯", names: &["台灯", "护眼灯", "LED吸顶灯"], brands: &["明窗", "光屿", "方寸"], price_yuan: (39, 399), talk: Talk::Electric },
    Good { key: "kettle", category: Category::KitchenAppliance, shelf: "厨房电器/电热水壶", names: &["电热水壶", "烧水壶", "养生壶"], brands: &["灶小福", "泉眼", "米窝"], price_yuan: (49, 259), talk: Talk::Electric },
    Good { key: "air_fryer", category: Category::KitchenAppliance, shelf: "厨房电器/空气炸锅", names: &["空气炸锅", "可视空气炸锅"], brands: &["米窝", "香遇", "食刻", "灶小福", "脆脆岛"], price_yuan: (159, 599), talk: Talk::Electric },
    Good { key: "fridge", category: Category::LargeAppliance, shelf: "大家电/冰箱", names: &["冰箱", "双开门冰箱"], brands: &["北窗", "霜序"], price_yuan: (1599, 5999), talk: Talk::Electric },
    Good { key: "washer", category: Category::LargeAppliance, shelf: "大家电/洗衣机", names: &["滚筒洗衣机", "洗衣机"], brands: &["北窗", "清漪"], price_yuan: (999, 3999), talk: Talk::Electric },
    Good { key: "gas_heater", category: Category::WaterHeater, shelf: "厨卫大电/燃气热水器", names: &["燃气热水器", "热水器"], brands: &["川焰", "汤泉里", "灶小福"], price_yuan: (899, 3299), talk: Talk::Electric },
    Good { key: "gas_stove", category: Category::GasAppliance, shelf: "厨卫大电/燃气灶", names: &["燃气灶", "煤气灶"], brands: &["川焰", "灶小福"], price_yuan: (399, 1899), talk: Talk::Electric },
    Good { key: "phone", category: Category::Phone, shelf: "数码/手机", names: &["手机", "新手机"], brands: &["星槎", "闻雀"], price_yuan: (999, 4999), talk: Talk::Electric },
    Good { key: "laptop", category: Category::Computer, shelf: "电脑办公/笔记本", names: &["笔记本电脑", "轻薄本"], brands: &["星槎", "砚台"], price_yuan: (2999, 7999), talk: Talk::Electric },
    Good { key: "camera", category: Category::SmartDevice, shelf: "智能家居/摄像头", names: &["家用摄像头", "监控摄像头", "智能摄像头"], brands: &["守拙", "望庐", "小瞳", "安檐"], price_yuan: (99, 399), talk: Talk::Electric },
    Good { key: "kid_watch", category: Category::SmartDevice, shelf: "智能穿戴/儿童手表", names: &["儿童电话手表", "儿童手表"], brands: &["小瞳", "糖豆兔"], price_yuan: (199, 899), talk: Talk::Electric },
    Good { key: "earphone", category: Category::AudioVideo, shelf: "数码/耳机", names: &["蓝牙耳机", "耳机"], brands: &["闻雀", "拾音"], price_yuan: (69, 699), talk: Talk::Electric },
    Good { key: "magnet_toy", category: Category::Toy, shelf: "玩具/益智玩具", names: &["磁力珠", "巴克球", "磁力球玩具"], brands: &["童点", "巧木匠", "咔咔", "奇思屋"], price_yuan: (15, 89), talk: Talk::Solid },
    Good { key: "plush", category: Category::Toy, shelf: "玩具/毛绒玩具", names: &["毛绒玩具", "毛绒公仔"], brands: &["糖豆兔", "童点"], price_yuan: (29, 199), talk: Talk::Textile },
    Good { key: "stroller", category: Category::ChildVehicle, shelf: "母婴/婴儿推车", names: &["婴儿推车", "宝宝推车"], brands: &["木小宝", "轻踏"], price_yuan: (259, 1599), talk: Talk::Solid },
    Good { key: "uniform", category: Category::ChildWear, shelf: "童装/校服", names: &["校服", "校服外套", "童装"], brands: &["青禾苗", "学士蓝", "贝朵"], price_yuan: (69, 259), talk: Talk::Textile },
    Good { key: "stationery", category: Category::StudentSupply, shelf: "文具/学生文具", names: &["橡皮", "修正液", "书包"], brands: &["青禾苗", "小橘灯"], price_yuan: (9, 169), talk: Talk::Solid },
    Good { key: "helmet", category: Category::BicycleHelmet, shelf: "骑行装备/头盔", names: &["头盔", "电动车头盔", "骑行头盔"], brands: &["绿骁", "铁葫芦"], price_yuan: (39, 299), talk: Talk::Solid },
    Good { key: "car", category: Category::Car, shelf: "汽车/新能源汽车", names: &["汽车", "新车", "SUV"], brands: &["驰岳", "北溟", "鲸野"], price_yuan: (89_900, 239_900), talk: Talk::Vehicle },
    Good { key: "tyre", category: Category::CarPart, shelf: "汽车用品/轮胎", names: &["轮胎", "行车记录仪"], brands: &["铁葫芦", "路书"], price_yuan: (199, 899), talk: Talk::Solid },
    Good { key: "jacket", category: Category::Clothing, shelf: "服装/羽绒服", names: &["羽绒服", "衬衫", "保暖内衣"], brands: &["絮语", "知更"], price_yuan: (99, 899), talk: Talk::Textile },
    Good { key: "shoe", category: Category::ShoeBag, shelf: "鞋靴/运动鞋", names: &["运动鞋", "皮鞋", "凉鞋"], brands: &["轻踏", "知更"], price_yuan: (89, 599), talk: Talk::Textile },
    Good { key: "bedding", category: Category::HomeTextile, shelf: "家纺/四件套", names: &["四件套", "蚕丝被", "毛巾"], brands: &["棉棉熊", "絮语"], price_yuan: (49, 699), talk: Talk::Textile },
    Good { key: "bed", category: Category::Furniture, shelf: "家具/床", names: &["实木床", "双人床", "软包床"], brands: &["木闲", "榫卯间"], price_yuan: (899, 3999), talk: Talk::Solid },
    Good { key: "chair", category: Category::Furniture, shelf: "家具/椅子", names: &["电脑椅", "餐椅", "折叠椅"], brands: &["榫卯间", "坐忘"], price_yuan: (99, 1299), talk: Talk::Solid },
    Good { key: "floor", category: Category::BuildingMaterial, shelf: "建材/地板", names: &["复合地板", "乳胶漆", "钢化玻璃淋浴房"], brands: &["筑野", "榫卯间"], price_yuan: (99, 2999), talk: Talk::Solid },
    Good { key: "detergent", category: Category::HouseholdChemical, shelf: "家清/洗衣液", names: &["洗衣液", "洗发水", "洗洁精"], brands: &["清漪", "皂角巷"], price_yuan: (19, 99), talk: Talk::Chemical },
    Good { key: "pad", category: Category::PaperHygiene, shelf: "个护/卫生巾", names: &["卫生巾", "湿巾", "抽纸"], brands: &["软月亮", "云絮"], price_yuan: (9, 79), talk: Talk::Paper },
    Good { key: "bp_meter", category: Category::MedicalDevice, shelf: "医疗器械/血压计", names: &["血压计", "体温计", "隐形眼镜"], brands: &["康拾", "明窗"], price_yuan: (39, 399), talk: Talk::Electric },
    Good { key: "health_food", category: Category::DrugHealthFood, shelf: "保健/营养品", names: &["钙片", "益生菌", "蛋白粉"], brands: &["康拾", "禾安"], price_yuan: (59, 399), talk: Talk::Food },
    Good { key: "meat", category: Category::MeatSeafood, shelf: "生鲜/肉禽水产", names: &["牛排", "鸡胸肉", "速冻虾仁"], brands: &["岭上牧歌", "海拾贝"], price_yuan: (39, 259), talk: Talk::Food },
    Good { key: "fruit", category: Category::FruitVegetable, shelf: "生鲜/水果", names: &["苹果", "车厘子", "橙子"], brands: &["果隐", "山里来"], price_yuan: (19, 159), talk: Talk::Food },
    Good { key: "rice", category: Category::GrainOil, shelf: "粮油/米面", names: &["大米", "面粉", "花生油"], brands: &["山里来", "谷满堂"], price_yuan: (29, 139), talk: Talk::Food },
    Good { key: "snack", category: Category::SnackDrink, shelf: "食品/休闲零食", names: &["饼干", "曲奇", "夹心饼干"], brands: &["麦田小栗", "嘎嘣"], price_yuan: (9, 59), talk: Talk::Food },
    Good { key: "drink", category: Category::SnackDrink, shelf: "食品/饮料", names: &["果汁饮料", "气泡水", "辣条"], brands: &["嘎嘣", "泉眼"], price_yuan: (5, 69), talk: Talk::Food },
    Good { key: "takeout", category: Category::Catering, shelf: "本地生活/外卖", names: &["外卖", "麻辣烫外卖", "盒饭"], brands: &["巷口饭堂", "辣三勺"], price_yuan: (15, 58), talk: Talk::Food },
    Good { key: "lift", category: Category::ElevatorFacility, shelf: "公共设施/电梯", names: &["电梯", "扶梯"], brands: &["云阶", "升隆"], price_yuan: (98_000, 260_000), talk: Talk::Solid },
    Good { key: "treadmill", category: Category::SportOutdoor, shelf: "运动/健身器材", names: &["跑步机", "帐篷", "游泳圈"], brands: &["拓野", "轻踏"], price_yuan: (59, 1999), talk: Talk::Solid },
    Good { key: "necklace", category: Category::JewelryGlasses, shelf: "饰品/项链耳饰", names: &["项链", "耳环", "太阳镜"], brands: &["月汀", "知更"], price_yuan: (29, 499), talk: Talk::Solid },
    Good { key: "drill", category: Category::ToolGarden, shelf: "五金工具/电动工具", names: &["电钻", "角磨机", "割草机"], brands: &["铁葫芦", "匠石"], price_yuan: (99, 699), talk: Talk::Electric },
    Good { key: "lighter", category: Category::FireworkLighter, shelf: "日用/打火机", names: &["打火机", "点火枪"], brands: &["火炉边"], price_yuan: (5, 89), talk: Talk::Solid },
    Good { key: "pet_food", category: Category::Pet, shelf: "宠物/主粮", names: &["猫粮", "狗粮", "宠物饮水机"], brands: &["毛孩子邻居"], price_yuan: (39, 299), talk: Talk::Food },
    Good { key: "vape", category: Category::TobaccoVape, shelf: "其他/电子雾化器", names: &["电子烟", "电子烟烟弹"], brands: &["雾里"], price_yuan: (39, 269), talk: Talk::Electric },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_names_brands_and_a_price() {
        for good in GOODS {
            assert!(!good.names.is_empty() && !good.brands.is_empty(), "{}", good.key);
            assert!(good.price_yuan.0 < good.price_yuan.1, "{}", good.key);
            assert_eq!(GOODS.iter().filter(|other| other.key == good.key).count(), 1, "{} is listed twice", good.key);
        }
    }
}
