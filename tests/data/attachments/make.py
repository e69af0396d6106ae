#!/usr/bin/env python3
"""Makes the attachments, truth.tsv and heads.toml of this folder.

Needs LibreOffice (`soffice`), the font WenQuanYi Zen Hei, and the Python packages
openpyxl, xlwt, python-docx, reportlab, fpdf2 and pillow. Run it with no arguments.
All firms, brands, shops, laboratories, addresses and findings are invented here.
"""
import csv, datetime, html, io, os, random, re, shutil, subprocess, tempfile, zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TMP = Path(tempfile.mkdtemp())
FONT, FONT_FILE = "WenQuanYi Zen Hei", "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc"
DAY = datetime.datetime(2026, 3, 2)
FIELDS = ["product", "producer", "place", "finding", "result"]

# ---------------------------------------------------------------- words

FIRST = {"岚栖": "LANQI", "沐砾": "MULI", "澄霭": "CHENGAI", "珂渺": "KEMIAO", "翎舟": "LINGZHOU", "曦垚": "XIYAO",
         "泊榕": "BORONG", "霁桐": "JITONG", "椿屿": "CHUNYU", "茗朔": "MINGSHUO", "鹿杳": "LUYAO", "杉霂": "SHANMU"}
LAST = "渡坊岭湾禾屏麓笙垣舫汀栈"
CITIES = """广东省佛山市 广东省中山市 广东省深圳市 广东省汕头市 浙江省宁波市 浙江省慈溪市 浙江省义乌市 浙江省台州市 江苏省昆山市
江苏省无锡市 福建省泉州市 福建省晋江市 河北省廊坊市 河北省平乡县 山东省临沂市 山东省青岛市 河南省新乡市 湖北省武汉市 安徽省芜湖市
四川省成都市 湖南省长沙市 江西省赣州市 上海市奉贤区 天津市武清区 重庆市永川区 北京市大兴区""".split()
LABS = ["岚屿产品质量检验院", "珂岭检验检测中心", "霁湾质量技术检测所", "澄麓商品检验研究院"]
SHOPS = ["百货商行", "生活超市", "家居用品店", "经营部", "商贸有限公司", "旗舰店（网店）"]

# name; trade word of the firms; model letters (or net weights); products; then one item a line: item|standard value|results cut by ^
KINDS = {k.split(";")[0]: k for k in """
电热水壶;电器;KT;电热水壶 不锈钢电热水壶 双层保温电热水壶 玻璃养生壶 折叠式旅行电热水壶
对触及带电部件的防护|带电部件不可触及|不符合
输入功率和电流|额定功率偏差-10%～+5%|-14.2%^-17.6%^+8.3%
电源连接和外部软线|应有固定装置|不符合^拉力试验后位移3.1mm
接地措施|≤0.1Ω|0.34Ω^1.2Ω
结构|不应有可拆卸的危险部件|不符合
标志和说明|应有警示语|缺少警示语

儿童推车;儿童用品;TC;婴儿推车 轻便折叠儿童推车 双向儿童推车 高景观儿童推车
塑料包装膜厚度(mm)|≥0.038|0.021^0.017^0.03
制动装置位移(mm)|≤90|132^104.5^160
肩带宽度(mm)|≥15|11^12.5
可迁移元素铅(mg/kg)|≤90|317^128.6^95
锁紧装置承力(N)|≥200|140^165

校服;服饰;QY;小学生秋季校服(上衣) 中学生运动校服 小学生夏季短袖校服 校服针织长裤 中学生冬季棉校服
纤维含量|聚酯纤维65.0%,棉35.0%|聚酯纤维82.3%,棉17.7%^聚酯纤维100%
耐湿摩擦色牢度|≥3级|2级^1-2级
起球|≥3-4级|2-3级^2级
绳带要求|头部和颈部不应有绳带|不符合
pH值|4.0-8.5|8.9^9.3

蜂蜜;蜂业;500g/瓶 1kg/瓶 250g/盒;洋槐蜂蜜 百花蜂蜜 土蜂蜜 枣花蜂蜜 椴树蜂蜜
果糖和葡萄糖|≥60g/100g|52.4g/100g^48.9g/100g
菌落总数|≤1000CFU/g|3200CFU/g^1500CFU/g
嗜渗酵母计数|≤200CFU/g|760CFU/g^1100CFU/g
呋喃西林代谢物|不得检出|2.14μg/kg^1.6μg/kg
蔗糖|≤5g/100g|9.7g/100g

移动电源;电子;PB;移动电源 磁吸无线移动电源 自带线移动电源 快充移动电源
有效输出容量|≥标称值的60%|41.3%^37%^52.6%
转换效率|≥80%|71.2%^66.4%
电池外部短路|不起火、不爆炸|起火
恒压充电的过充电保护|不起火、不爆炸|不符合要求^漏液
额定能量标识|应标明|未标明

延长线插座;电气;CZ;延长线插座 带USB接口的延长线插座 塔式延长线插座
防触电保护|保护门应阻止单孔插入|不合格
导线截面积|≥0.75mm²|0.52 mm²^0.41 mm²
拔出插头所需的力|≤50N|63 N^71 N
温升|≤45K|58 K^61.5 K

电源适配器;电子;SP;电源适配器 手机充电器 笔记本电脑电源适配器
抗电强度|AC3000V,1min不击穿|击穿
电气间隙|≥4.0mm|2.6 mm^1.9 mm
骚扰电压|≤46dB(μV)|55.3 dB(μV)^61.8 dB(μV)

糕点;食品;180g/袋 2.5kg/箱 散装 400克/盒;老婆饼 鸡蛋糕 绿豆糕 桃酥 蛋黄酥（蓝莓味） 手工麻花
菌落总数|n=5,c=2,m=10⁴,M=10⁵CFU/g|12000;36000;9800;150000;8700CFU/g
霉菌|≤150CFU/g|420CFU/g^1900CFU/g
脱氢乙酸及其钠盐（以脱氢乙酸计）|不得使用|0.214g/kg^0.38g/kg
铝的残留量（干样品，以Al计）|≤100mg/kg|286mg/kg^173mg/kg
过氧化值（以脂肪计）|≤0.25g/100g|0.41g/100g

充电器;电子;CD;电动自行车充电器 电动自行车用锂电池充电器 铅酸蓄电池充电器
输出电压|41.2-43.0V|46.7V^38.5V
输入电流|≤1.8A|2.4A^2.15A
电源线截面积|≥0.75mm²|0.5mm²^0.38mm²
短路保护|应可靠动作|未动作
外壳阻燃|V-1级|燃烧未熄灭

婴儿床;家居;YC;实木婴儿床 可折叠婴儿床 多功能婴儿床(带蚊帐) 拼接婴儿床
床铺面高度|≥600mm|
床栏间距|45mm～65mm|
活动部件间的剪切和挤夹点|5mm以下或18mm以上|
可触及的小零件|不应存在|
警示标识|应有中文警示标识|
木制件甲醛释放量|≤1.5mg/L|

燃气灶;厨具;JZT-;家用燃气灶 嵌入式家用燃气灶 台式双眼家用燃气灶 单眼家用燃气灶
热效率|≥55%|48.2%^50.6%^45.1%
干烟气中一氧化碳浓度|≤0.05%|0.12%^0.31%^0.08%
熄火保护装置|闭阀时间≤60s|88s^未装
气密性|≤0.07L/h|0.36L/h^1.5L/h
热负荷准确度|偏差±10%|-18%^-23.5%

电热毯;家纺;DR;单人电热毯 双人双控电热毯 水暖毯 学生宿舍用电热毯
输入功率|额定值-10%～+5%|-31.5%^+12.8%
内部布线|应有双重绝缘|不符合
泄漏电流和电气强度|不应击穿|击穿
机械强度|弯折后不断线|断线
电源线|≥0.5mm²|0.28mm²^0.33mm²

儿童鞋;鞋业;ET;儿童运动鞋 儿童凉鞋 女童皮鞋 婴幼儿学步鞋
邻苯二甲酸酯（DEHP+DBP+BBP）|≤0.1%|3.47%^8.6%
外底耐磨性能|磨痕长度≤12.0mm|16.3mm^15.1mm
衬里耐摩擦色牢度|≥2-3级|1级^2级
剥离强度|≥40N/cm|26N/cm^31N/cm
游离甲醛|≤20mg/kg|74mg/kg

玩具;玩具;WJ;电动遥控玩具车 毛绒玩具 塑胶玩具套装 磁性积木玩具 水晶泥
小零件|不应存在|
可触及的锐利尖端|不应存在|
邻苯二甲酸酯增塑剂|≤0.1%|
磁体和磁性部件|磁通量指数＜50|
塑料袋或塑料薄膜厚度|≥0.036mm|
硼元素迁移量|≤300mg/kg|

头盔;车业;TK;电动自行车乘员头盔 摩托车乘员头盔 半盔 夏季半盔（带护目镜）
固定装置稳定性|头盔不应脱落|头盔脱落
佩戴装置强度|动态伸长量≤35mm|51mm^46mm
吸收碰撞能量性能|≤300g|412g^388g
护目镜可见光透过率|≥85%|71%
质量|≤1.6kg|1.9kg

餐具;塑业;CJ;儿童塑料餐具套装 仿瓷餐盘 一次性塑料饭盒 塑料水杯
三聚氰胺迁移量|≤2.5mg/kg|6.1mg/kg^9.84mg/kg
总迁移量|≤10mg/dm²|27mg/dm²^15.5mg/dm²
高锰酸钾消耗量|≤10mg/kg|33mg/kg
脱色试验|阴性|阳性

吸油烟机;厨具;CXW-;吸油烟机 侧吸式吸油烟机 集成吸油烟机
空气性能（风量）|不低于标称值的95%|标称值的71%^标称值的82%
噪声|≤74dB(A)|79dB(A)^81dB(A)
稳定性和机械危险|不应触及风轮|可触及
能效等级|与标识一致|低于标识

儿童家具;家居;JJ;儿童书桌 儿童学习桌椅 儿童床 儿童衣柜
边缘及尖端|圆角半径≥10mm|3mm^4.5mm
孔及间隙|＜7mm或≥12mm|9mm^8.4mm
甲醛释放量|≤1.5mg/L|4.2mg/L^2.9mg/L
稳定性|不应倾翻|倾翻
警示标识|应有警示标识|无标识

书包;箱包;SB;学生书包 双肩书包 小学生护脊书包 拉杆书包
面料摩擦色牢度|≥3级|2级^1级
可触及部件邻苯二甲酸酯|≤0.1%|6.4%^2.8%
负重|不应有断裂|背带断裂
反光材料|应有反光材料|无反光材料
富马酸二甲酯|≤0.1mg/kg|0.6mg/kg

台灯;照明;TD;读写台灯 护眼台灯 可移式灯具 充电台灯
照度均匀度|≤3|4.6^5.2^7
蓝光危害|无危险类|1类危险
遮光性|不应看到发光体|不符合
外部接线和内部接线|导线截面积≥0.5mm²|0.3mm²
防触电保护|带电部件不可触及|不符合

食用油;粮油;5L/桶 1.8L/瓶 900mL/瓶;压榨花生油 食用植物调和油 芝麻油 菜籽油
酸价(KOH)|≤3mg/g|4.7mg/g^6mg/g
过氧化值|≤0.25g/100g|0.52g/100g^0.39g/100g
苯并[a]芘|≤10μg/kg|17.6μg/kg^23μg/kg
黄曲霉毒素B1|≤20μg/kg|38.1μg/kg

羽绒服;服饰;YR;羽绒服 儿童羽绒服 轻薄羽绒服
绒子含量|≥85%|62.4%^57%
充绒量|标称值-5%|-21.3%^-14%
残脂率|≤1.2%|2.6%

电风扇;电器;FS;台式电风扇 落地扇 儿童安全电风扇
机械危险|不应触及扇叶|可触及
能效值|≥0.9m³/(min·W)|0.54^0.61
电源线拉力|位移≤2mm|5.3mm^4mm

水嘴;卫浴;SZ;陶瓷片密封水嘴 厨房水嘴
铅析出统计值|≤5μg/L|18μg/L^11μg/L
管螺纹精度|应符合标准|不符合
""".strip().split("\n\n")}

# ---------------------------------------------------------------- samples

rnd = random.Random(20260302)
names = [a + b for a in FIRST for b in LAST]
rnd.shuffle(names)
firm_no = 0


def new_firm(trade, place):
    """An invented firm: name, place, brand."""
    global firm_no
    name, firm_no = names[firm_no % len(names)], firm_no + 1
    where = rnd.choice(CITIES)
    prov, city = re.match(r"(.+?[省市])(.+)", where).groups()
    end = rnd.choice(["有限公司", "有限公司", "有限公司", "科技有限公司", "（集团）有限公司", "厂"])
    full = rnd.choice([city, city, city[:-1], prov[:-1]]) + name + trade + end
    shown = {"prov": prov, "city": where, "addr": f"{where}{rnd.choice(names)}路{rnd.randint(2, 399)}号"}[place]
    brand = rnd.choice([name, name[:2], FIRST[name[:2]], FIRST[name[:2]] + "及图形", "/"])
    return dict(producer=full, place=shown, brand=brand)


def samples(s, kind, n):
    """Samples of one kind with n table rows in all."""
    head, *lines = KINDS[kind].split("\n")
    _, trade, letters, products = head.split(";")
    items = []
    for line in lines:
        f, std, res = line.split("|")
        items.append((f, std, res.split("^")))
    out, rows, left, firm = [], 0, 0, None
    while rows < n:
        if not left:
            firm, left = new_firm(trade, s.get("place", "city")), rnd.choice([1, 1, 2, 3] if s.get("firm_merge") else [1])
        left -= 1
        k = min(rnd.choice([1, 1, 1, 2, 2, 3]) if s.get("multi", True) else 1, len(items), n - rows)
        got = sorted(rnd.sample(range(len(items)), k))
        day = datetime.date(2025, 6, 1) + datetime.timedelta(rnd.randint(0, 240))
        found = [(items[i][0], rnd.choice(items[i][2]), items[i][1]) for i in got]
        if s.get("joined"):
            found = [("、".join(f[0] for f in found), "", "")]
        if s.get("verdict"):
            found = [(f, s["verdict"], std) for f, _, std in found]
        city = re.sub(r"^.+?[省市]", "", rnd.choice(CITIES))
        out.append(dict(
            firm, firm=firm["producer"], product=rnd.choice(products.split()), date=day,
            model=rnd.choice(letters.split()) if " " in letters else letters + str(rnd.randint(10, 99) * 50),
            batch=rnd.choice([f"{day}", f"{day:%Y%m%d}", f"{day}/{rnd.choice('ABK')}{rnd.randint(100, 999)}"]),
            shop=city + rnd.choice(names) + rnd.choice(SHOPS), lab=rnd.choice(LABS), found=found))
        rows += len(found)
    for i, x in enumerate(out, 1):
        x["seq"] = i
    return out


def joint(s):
    """A place near the middle of s, between two Chinese characters, for a line break."""
    at = [i for i in range(1, len(s)) if all("\u4e00" <= c <= "\u9fff" for c in s[i - 1:i + 1])]
    return min(at, key=lambda i: abs(2 * i - len(s)), default=0)


def broken(s):
    i = joint(s)
    return s[:i] + "\n" + s[i:] if i else s


# ---------------------------------------------------------------- tables

class Cell:
    def __init__(self, value, rows=1, cols=1, key=None, head=False, wide=False):
        self.value, self.rows, self.cols, self.key, self.head, self.wide = value, rows, cols, key, head, wide

    @property
    def text(self):
        return str(self.value)


heads = {k: [] for k in FIELDS + ["groups", "finding_and_values", "other"]}
truth = []


def flat(s):
    return s.replace("\n", "")


def table(s, data, caption=None, foot=()):
    """Rows of cells (None where a merged cell covers); also notes head texts and truth."""
    cols = [c for h in s["head"] for c in (h[1] if isinstance(h[1], list) else [h])]
    two, n = any(isinstance(h[1], list) for h in s["head"]), len(cols)
    grid = [[Cell(caption, 1, n, wide=True)] + [None] * (n - 1)] if caption else []
    top, low = [], []
    for h in s["head"]:
        if isinstance(h[1], list):
            top += [Cell(h[0], 1, len(h[1]), head=True)] + [None] * (len(h[1]) - 1)
            low += [Cell(t, key=k, head=True) for k, t in h[1]]
            heads["groups"].append(flat(h[0]))
        else:
            top.append(Cell(h[1], 2 if two else 1, key=h[0], head=True))
            low.append(None)
    grid += [top, low] if two else [top]
    for k, t in cols:
        heads["finding_and_values" if k == "all" else k if k in FIELDS else "other"].append(flat(t))
    keys, fill = [k for k, _ in cols], s.get("fill", "merge")
    flatrows = [(x, f) for x in data for f in x["found"]]
    size, firm = {}, {}
    for x, _ in flatrows:
        size[id(x)] = size.get(id(x), 0) + 1
        firm[x["firm"]] = firm.get(x["firm"], 0) + 1
    seen = set()
    for i, (x, f) in enumerate(flatrows, 1):
        row = []
        for k in keys:
            if k in ("finding", "result", "std", "all"):
                v = "║".join(f) if k == "all" else f[("finding", "result", "std").index(k)]
                if k == "finding" and len(v) > 7 and rnd.random() < s.get("breaks", 0):
                    v = broken(v)
                if s.get("numbers") and re.fullmatch(r"\d+(\.\d+)?", v):
                    v = float(v) if "." in v else int(v)
                row.append(Cell(v, key=k))
                continue
            v = "" if k in s.get("empty", ()) else i if k == "seq" and fill == "repeat" else x.get(k, "")
            if k in ("product", "producer", "place", "shop") and len(v) > 7 and rnd.random() < s.get("breaks", 0):
                v = broken(v)
            if k == "batch" and s.get("dates"):
                v = x["date"]
            by_firm = s.get("firm_merge") and k in ("producer", "place")
            group = (k, x["firm"] if by_firm else id(x))
            first = group not in seen
            seen.add(group)
            high = firm[x["firm"]] if by_firm else size[id(x)]
            if fill == "merge":
                row.append(Cell(v, high, key=k) if first else None)
            else:
                hide = not first and (fill == "blank" or fill == "some" and k in ("seq", "product"))
                row.append(Cell("" if hide else v, key=k))
        grid.append(row)
        if not s.get("no_truth"):
            got = dict(x, finding=f[0], result=f[1])
            has = keys + (["finding", "result"] if "all" in keys else [])
            truth.append([s["file"], 1 + sum(t[0] == s["file"] for t in truth)] + [got[k] if k in has else "" for k in FIELDS])
    for note in foot:
        grid.append([Cell(note, 1, n, wide=True)] + [None] * (n - 1))
    return grid, keys


WIDTH = dict(seq=1, product=2.3, producer=3.2, place=2.1, brand=1.5, model=1.7, batch=2.1, shop=3, finding=2.5, result=1.9,
             std=2.1, lab=2.3, note=1.3, all=5, shop_place=2, phone=2.4)


def widths(keys, total, s):
    w = [s.get("narrow", {}).get(k, WIDTH[k]) for k in keys]
    return [total * x / sum(w) for x in w]


# ---------------------------------------------------------------- writers

def rezip(path):
    """Writes the parts of a zip anew with a fixed time and without what python-docx's model brings along."""
    spare = "thumbnail|stylesWithEffects"
    with zipfile.ZipFile(path) as z:
        parts = [(n, z.read(n)) for n in z.namelist() if not re.search(spare, n)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in parts:
            if name.endswith((".rels", "[Content_Types].xml")):
                data = re.sub(rf"<(Relationship|Override) [^>]*({spare})[^>]*/>".encode(), b"", data)
            if name == "docProps/core.xml":
                data = re.sub(rb"\d{4}-\d\d-\d\dT[\d:.]+Z?", b"2026-03-02T00:00:00Z", data)
            z.writestr(zipfile.ZipInfo(name, (2026, 3, 2, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def write_xlwt(path, sheets, s):
    import xlwt
    wb = xlwt.Workbook(encoding="utf-8")
    base = "font: name 宋体, height 200; align: wrap on, vert centre, horiz centre; borders: left thin, right thin, top thin, bottom thin"
    plain, day = xlwt.easyxf(base), xlwt.easyxf(base, num_format_str="yyyy-mm-dd")
    bold = xlwt.easyxf(base.replace("height 200", "height 220, bold on"))
    for name, (grid, keys), after in sheets:
        ws = wb.add_sheet(name)
        for c, w in enumerate(widths(keys, 30, s) if keys else []):
            ws.col(c).width = int(w * 1300)
        for r, row in enumerate(grid):
            for c, cell in enumerate(row):
                if cell:
                    style = bold if cell.head or cell.wide else day if isinstance(cell.value, datetime.date) else plain
                    ws.write_merge(r, r + cell.rows - 1, c, c + cell.cols - 1, cell.value, style)
        for i, note in enumerate(after):
            ws.write(len(grid) + i, 0, note)
    wb.save(str(path))


def write_xlsx(path, sheets, s):
    from openpyxl import Workbook
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont
    from openpyxl.styles import Alignment, Border, Font, Side
    from openpyxl.utils import get_column_letter
    wb = Workbook()
    wb.remove(wb.active)
    wb.properties.created = wb.properties.modified = DAY
    wb.properties.creator = "attachments"
    line, face = Side(style="thin"), s.get("font", "宋体")
    for name, (grid, keys), after in sheets:
        ws = wb.create_sheet(name)
        ws.page_setup.orientation, ws.page_setup.paperSize = "landscape", 9
        ws.page_setup.fitToHeight, ws.sheet_properties.pageSetUpPr.fitToPage = 0, True
        for c, w in enumerate(widths(keys, 125, s) if keys else [], 1):
            ws.column_dimensions[get_column_letter(c)].width = w
        nhead = sum(1 for row in grid if any(x and (x.head or x.wide) for x in row)) if keys else 0
        if keys and s.get("footer"):
            ws.print_title_rows = f"{2 if grid[0][0].wide else 1}:{nhead}"
            ws.oddFooter.center.text = "第 &P 页 共 &N 页"
        for r, row in enumerate(grid, 1):
            if s.get("tall"):
                ws.row_dimensions[r].height = s["tall"]
            for c, cell in enumerate(row, 1):
                x = ws.cell(r, c)
                x.border = Border(left=line, right=line, top=line, bottom=line)
                if not cell:
                    continue
                x.value = cell.value
                x.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
                x.font = Font(name=face, size=14 if cell.wide else 10, bold=cell.head)
                if isinstance(cell.value, datetime.date):
                    x.number_format = "yyyy/m/d"
                if s.get("rich") and cell.wide:
                    i = len(cell.value) // 2
                    x.value = CellRichText(TextBlock(InlineFont(b=True), cell.value[:i]), cell.value[i:])
                if cell.rows > 1 or cell.cols > 1:
                    ws.merge_cells(start_row=r, end_row=r + cell.rows - 1, start_column=c, end_column=c + cell.cols - 1)
        for i, note in enumerate(after, 2):
            ws.cell(len(grid) + i, 1, note)
    wb.save(path)
    rezip(path)


def write_docx(path, parts, s):
    """parts: paragraphs (text) and tables (grid, keys)."""
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt
    doc, face = Document(), s.get("font", "宋体")
    core = doc.core_properties
    core.author, core.comments, core.created, core.modified = "attachments", "", DAY, DAY
    normal = doc.styles["Normal"]
    normal.font.name, normal.font.size = face, Pt(9)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), face)
    normal.paragraph_format.space_after = Pt(0)
    sec = doc.sections[0]
    short, long = Cm(21), Cm(29.7)
    if s.get("landscape"):
        sec.orientation, sec.page_width, sec.page_height = WD_ORIENT.LANDSCAPE, long, short
    else:
        sec.page_width, sec.page_height = short, long
    sec.left_margin = sec.right_margin = sec.top_margin = sec.bottom_margin = Cm(2)
    if s.get("footer"):
        p = sec.footer.paragraphs[0]
        p.alignment = WD_ALIGN_PARAGRAPH.CENTER
        p.add_run("— ")
        field = OxmlElement("w:fldSimple")
        field.set(qn("w:instr"), "PAGE")
        p._p.append(field)
        p.add_run(" —")
    for part in parts:
        if isinstance(part, str):
            p = doc.add_paragraph()
            run = p.add_run(part)
            if "名单" in part[-8:] or "汇总" in part[-8:]:
                p.alignment, run.font.size, run.bold = WD_ALIGN_PARAGRAPH.CENTER, Pt(14), True
            continue
        grid, keys = part
        t = doc.add_table(len(grid), len(keys), style="Table Grid")
        t.autofit = False
        w, cells = [Cm(x) for x in widths(keys, 25.7 if s.get("landscape") else 17, s)], t._cells
        for c, x in enumerate(w):
            t.columns[c].width = x
        for r, row in enumerate(grid):
            if s.get("repeat_head") and any(x and (x.head or x.wide and r == 0) for x in row):
                t.rows[r]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
            if s.get("whole_rows"):
                t.rows[r]._tr.get_or_add_trPr().insert(0, OxmlElement("w:cantSplit"))
            for c, cell in enumerate(row):
                x = cells[r * len(keys) + c]
                x.width = w[c]
                if cell and cell.text:
                    x.paragraphs[0].alignment = None if cell.wide and r else WD_ALIGN_PARAGRAPH.CENTER
                    if s.get("paragraphs") and "\n" in cell.text:  # a cell of two paragraphs instead of a break in one
                        a, b = cell.text.split("\n", 1)
                        x.paragraphs[0].add_run(a)
                        x.add_paragraph(b)
                    else:
                        x.paragraphs[0].add_run(cell.text).bold = True if cell.head else None
        for r, row in enumerate(grid):
            for c, cell in enumerate(row):
                if cell and (cell.rows > 1 or cell.cols > 1):
                    cells[r * len(keys) + c].merge(cells[(r + cell.rows - 1) * len(keys) + c + cell.cols - 1])
    if not isinstance(parts[-1], str):
        doc.add_paragraph()  # without one after the last table, LibreOffice writes a .doc whose table is lost
    doc.save(path)
    rezip(path)


def write_pdf(path, title, grid, keys, notes, s):
    """One PDF by reportlab: head and title in an embedded TrueType font, body in a CID font that is not embedded."""
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.lib.units import cm
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer
    pdfmetrics.registerFont(TTFont("zenhei", FONT_FILE, subfontIndex=0))
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    body = ParagraphStyle("b", fontName="STSong-Light", fontSize=9, leading=12, wordWrap="CJK")
    head = ParagraphStyle("h", body, fontName="zenhei")
    big = ParagraphStyle("t", head, fontSize=14, leading=20, alignment=1)
    rows, style = [], [("GRID", (0, 0), (-1, -1), 0.5, "black"), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")]
    for r, row in enumerate(grid):
        rows.append([Paragraph(html.escape(x.text).replace("\n", "<br/>"), head if x.head else body) if x else "" for x in row])
        style += [("SPAN", (c, r), (c + x.cols - 1, r + x.rows - 1)) for c, x in enumerate(row) if x and (x.rows > 1 or x.cols > 1)]
    doc = SimpleDocTemplate(str(path), pagesize=landscape(A4), invariant=1, title=title, author="attachments",
                            leftMargin=2 * cm, rightMargin=2 * cm, topMargin=2 * cm, bottomMargin=2 * cm)
    doc.build([Paragraph(title, big), Spacer(1, 8),
               LongTable(rows, [x * cm for x in widths(keys, 25.7, s)], repeatRows=2, style=style), Spacer(1, 6)]
              + [Paragraph(n, body) for n in notes])


def write_type0(path, title, grid, keys, notes, s):
    """One PDF by fpdf2: an embedded font of the kind Type0 with Identity-H, as word processors write it."""
    from fpdf import FPDF
    from fpdf.fonts import FontFace
    pdf = FPDF("landscape", format="A4")
    pdf.set_creation_date(DAY.replace(tzinfo=datetime.timezone.utc))
    pdf.add_font("zenhei", fname=FONT_FILE, collection_font_number=0)
    pdf.set_font("zenhei", size=13)
    pdf.add_page()
    pdf.multi_cell(0, 10, title, align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font_size(9)
    with pdf.table(col_widths=widths(keys, 100, s), line_height=5, wrapmode="CHAR", text_align="CENTER",
                   headings_style=FontFace(emphasis=None)) as t:
        for row in grid:
            line = t.row()
            for x in filter(None, row):
                line.cell(x.text, rowspan=x.rows, colspan=x.cols)
    for note in notes:
        pdf.multi_cell(0, 6, note)
    pdf.output(str(path))


def write_html(path, title, grid, notes):
    out = ['<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head>',
           '<meta http-equiv="Content-Type" content="text/html; charset=gb2312">',
           "<style>td{mso-number-format:'\\@';border:.5pt solid}</style></head><body><table border=1>"]
    for row in grid:
        out.append("<tr>" + "".join(
            "<td%s%s>%s</td>" % (f" rowspan={x.rows}" if x.rows > 1 else "", f" colspan={x.cols}" if x.cols > 1 else "",
                                 html.escape(x.text).replace("\n", "<br>") or "&nbsp;") for x in row if x) + "</tr>")
    out.append("</table><p>" + "<br>".join(notes) + "</p></body></html>")
    path.write_bytes("\r\n".join(out).encode("gbk"))


def write_image(path, title, grid, keys, s):
    from PIL import Image, ImageDraw, ImageFont
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas
    w, face = [int(x) for x in widths(keys, 1100, s)], ImageFont.truetype(FONT_FILE, 18)
    img = Image.new("1", (1160, 90 + 60 * len(grid)), 1)
    d = ImageDraw.Draw(img)
    d.text((60, 20), title, 0, face)
    for r, row in enumerate(grid):
        for c, cell in enumerate(row):
            x, y = 30 + sum(w[:c]), 60 + 60 * r
            d.rectangle((x, y, x + w[c], y + 60), outline=0)
            k = max(1, (w[c] - 6) // 18)
            for i in range(0, len(cell.text), k):
                d.text((x + 4, y + 3 + 19 * (i // k)), cell.text[i:i + k], 0, face)
    page = Canvas(str(path), pagesize=(595, 842), invariant=1)
    page.drawImage(ImageReader(img.convert("L")), 20, 500, 555, 555 * img.height / img.width)
    page.save()


def convert(kind, *paths, to=None):
    subprocess.run(["soffice", "--headless", f"-env:UserInstallation=file://{TMP}/profile", "--convert-to", kind,
                    "--outdir", str(to or HERE), *map(str, paths)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env=dict(os.environ, SOURCE_DATE_EPOCH=str(int(DAY.timestamp())), TZ="UTC"))


# ---------------------------------------------------------------- the files

SEQ, BRAND, MODEL, BATCH = ("seq", "序号"), ("brand", "商标"), ("model", "规格型号"), ("batch", "生产日期/批号")
LAB, SHOP, STD = ("lab", "承检机构"), ("shop", "被抽样单位名称"), ("std", "标准值")


def title(no, kind, word="产品质量国家监督抽查不合格产品及其企业名单", lead="2026年"):
    return f"附件{no}：{lead}{kind}{word}"


def main():
    later = {"xls": [], "doc": [], "pdf": [], "xlsx": [], "docx": []}

    # --- spreadsheets
    s = dict(file="01.xls", head=[SEQ, ("product", "产品名称"), ("producer", "标称生产企业名称"), BRAND, MODEL, BATCH,
             ("place", "生产单位所在地"), ("finding", "不合格项目"), LAB])
    g = table(s, samples(s, "电热水壶", 24), title(1, "电热水壶"))
    write_xlwt(HERE / s["file"], [("Sheet1", g, ["注：1.以上排名不分先后；2.商标为“/”的，表示产品未标称商标。"])], s)

    s = dict(file="02.xls", dates=True, numbers=True, head=[SEQ, ("producer", "标称生产单位"), ("place", "所在地"),
             ("product", "样品名称"), MODEL, ("batch", "生产日期"), ("不合格项目", [("finding", "项目"), ("std", "标准值"), ("result", "检验值")])])
    g = table(s, samples(s, "儿童推车", 26), title(2, "儿童推车", lead="2026年第1季度"))
    about = ([[Cell("本次抽查依据相关国家标准及经备案的企业标准。", key="note")]], ["note"])
    write_xlwt(HERE / s["file"], [("空表", ([], []), []), ("不合格名单", g, []), ("说明", about, [])], s)

    s = dict(file="03.xls", fill="blank", breaks=0.6, empty=("brand",), verdict="不合格", place="prov", head=[("seq", "序 号"),
             ("product", "抽查产品名称"), BRAND, ("model", "规格\n型号"), ("producer", "生产企业"), ("place", "所在省份"), SHOP,
             ("finding", "主要不合格项目"), ("result", "检验结果")])
    g = table(s, samples(s, "校服", 22), "附件1:2026年中小学生校服产品质量监督抽查不合格产品名单(生产领域)")
    write_xlsx(TMP / "03.xlsx", [("Sheet1", g, ["注:1.“检验结果”栏仅对样品负责.", "   2.商标栏由企业自行提供."])], s)
    later["xls"].append(TMP / "03.xlsx")

    s = dict(file="04.xls", multi=False, fill="repeat", place="addr", dates=True, breaks=0.2, head=[SEQ, ("producer", "标称生产企业名称"),
             ("place", "标称生产企业地址"), SHOP, ("shop_place", "被抽样单位所在省份"), ("product", "食品名称"), MODEL, BRAND,
             ("batch", "生产日期/批号"), ("finding", "不合格项目"), ("result", "检验结果"), STD])
    data = samples(s, "蜂蜜", 16)
    for x in data:
        x["shop_place"] = rnd.choice(["云南", "贵州", "甘肃"])
    data[5].update(producer="/", place="/")
    g = table(s, data, "蜂蜜监督抽检不合格产品信息")
    write_xlsx(TMP / "04.xlsx", [("Sheet1", g, ["注：“/”表示食品标签未标注。"])], s)
    later["xls"].append(TMP / "04.xlsx")

    s = dict(file="05.xlsx", multi=False, fill="repeat", numbers=True, dates=True, head=[SEQ, ("product", "产品名称"), BRAND, MODEL,
             ("batch", "生产日期"), ("producer", "生产企业名称（标称）"), ("place", "生产企业所在地"), ("finding", "不符合标准的项目"),
             ("result", "实测值"), ("std", "标准要求"), ("note", "备注")])
    g5 = table(s, samples(s, "移动电源", 18), title("", "移动电源"))
    write_xlsx(HERE / s["file"], [("Sheet1", g5, [])], s)

    s = dict(file="06.xlsx", rich=True, numbers=True, breaks=0.3, fill="some", head=[("producer", "企业名称"), ("place", "企业所在地"), SEQ,
             ("product", "产品名称"), ("model", "规格型号"), ("finding", "不合格项目名称"), ("result", "检测结果"), STD])
    a = table(s, samples(s, "延长线插座", 14), title("3-1", "延长线插座"))
    s2 = dict(s, head=[SEQ, ("product", "样品名称"), BRAND, ("producer", "标称生产企业"), ("place", "所在地"), ("finding", "不合格项目"),
              ("result", "检验结果")])
    b = table(s2, samples(s2, "电源适配器", 12), title("3-2", "电源适配器"))
    write_xlsx(HERE / s["file"], [("延长线插座", a, []), ("Sheet2", ([], []), []), ("电源适配器", b, ["注：本表含线上购样。"])], s)

    s = dict(file="07.xlsx", fill="repeat", multi=False, place="addr", head=[SEQ, ("producer", "标称生产企业名称"), ("place", "标称生产企业地址"),
             SHOP, ("product", "食品名称"), MODEL, BRAND, BATCH, ("all", "不合格项目║检验结果║标准值"), ("lab", "检验机构"), ("note", "备注")])
    g7 = table(s, samples(s, "糕点", 20), "附件2：糕点监督抽检不合格产品信息")
    write_xlsx(HERE / s["file"], [("不合格", g7, [])], s)

    s = dict(file="08.xlsx", firm_merge=True, breaks=0.3, head=[("seq", "序号"), ("producer", "标称生产\n企业名称"), ("place", "所在地"),
             ("product", "产品名称"), MODEL, ("不合格情况", [("finding", "不合格项目"), ("result", "检验值")]), LAB])
    data = samples(s, "充电器", 34)
    g = table(s, data, title(4, "电动自行车充电器"), foot=[f"合计：{len(data)}批次", "以下空白"])
    (TMP / "lo").mkdir()
    write_xlsx(TMP / "lo" / "08.xlsx", [("Sheet1", g, [])], s)
    later["xlsx"].append(TMP / "lo" / "08.xlsx")

    # --- word documents
    s = dict(file="09.doc", joined=True, place="prov", head=[SEQ, ("product", "产品名称"), ("producer", "标称生产企业"), ("place", "所在省份"), BRAND,
             MODEL, ("finding", "主要不合格项目")])
    g = table(s, samples(s, "婴儿床", 15))
    write_docx(TMP / "09.docx", [title(1, "婴儿床"), g, "注：同一企业多批次不合格的，分别列出。"], s)

    s = dict(file="10.doc", landscape=True, repeat_head=True, footer=True, whole_rows=True, head=[SEQ, ("product", "抽查产品名称"),
             ("producer", "标称生产单位"), ("place", "生产单位所在地"), BRAND, MODEL, BATCH, ("finding", "不合格项目"), ("result", "检验结果"), LAB])
    g = table(s, samples(s, "燃气灶", 60))
    write_docx(TMP / "10.docx", ["附件5", "2026年家用燃气灶产品质量国家监督抽查不合格产品及其企业名单", g], s)

    s = dict(file="11.doc", landscape=True, repeat_head=True, head=[SEQ, ("producer", "生产企业"), ("place", "所在地"), ("product", "样品名称"),
             ("model", "规格型号"), ("不合格项目", [("finding", "项目"), ("std", "标准值"), ("result", "检验值")]), LAB])
    g = table(s, samples(s, "电热毯", 28), title(3, "电热毯"))
    write_docx(TMP / "11.docx", [g], s)

    s = dict(file="12.doc", fill="blank", breaks=0.5, paragraphs=True, repeat_head=True, head=[("seq", "序\n号"), ("product", "产品名称"),
             ("producer", "标称生产企业名称"), ("place", "企业所在地"), ("finding", "不合格项目"), ("std", "标准值"), ("result", "实测值")])
    g = table(s, samples(s, "儿童鞋", 26), foot=["注：本次抽查结果仅反映所抽样品的质量状况."])
    write_docx(TMP / "12.docx", ["附件2:", "2026年儿童鞋产品质量监督抽查不合格产品及其企业名单", g], s)
    later["doc"] += [TMP / f"{n}.docx" for n in ("09", "10", "11", "12")]

    s = dict(file="13.docx", joined=True, landscape=True, repeat_head=True, breaks=0.3, head=[SEQ, ("producer", "标称生产者"), ("place", "所在地"),
             ("product", "产品名称"), BRAND, MODEL, BATCH, SHOP, ("finding", "抽查不合格项目"), ("lab", "承检单位")])
    g = table(s, samples(s, "玩具", 40))
    write_docx(HERE / s["file"], [title(1, "玩具"), g, "注：1.本名单按企业所在地排列；", "2.“/”表示无此项内容。"], s)

    s = dict(file="14.docx", repeat_head=True, breaks=0.3, paragraphs=True, head=[SEQ, ("product", "样品名称"), ("producer", "标称生产单位"),
             ("place", "生产单位所在地"), ("不合格项目", [("finding", "项目"), ("result", "检验值")])])
    g = table(s, samples(s, "头盔", 24), title(6, "电动自行车乘员头盔"))
    write_docx(HERE / s["file"], [g], s)

    s = dict(file="15.docx", head=[SEQ, ("product", "产品名称"), ("producer", "生产企业"), ("place", "所在地"), ("finding", "不合格项目"),
             ("result", "检验结果"), STD])
    a = table(s, samples(s, "餐具", 12))
    s2 = dict(s, fill="some", head=[SEQ, SHOP, ("producer", "标称生产企业名称"), ("place", "所在地"), ("product", "样品名称"),
              ("finding", "不合格项目"), ("result", "检验结果")])
    b = table(s2, samples(s2, "餐具", 10))
    write_docx(HERE / s["file"], ["附件：2026年食品接触用塑料餐具产品质量监督抽查不合格产品名单", "一、生产领域", a, "二、流通领域（含线上）", b], s)

    s = dict(file="16.docx", firm_merge=True, head=[("producer", "标称生产企业名称"), ("place", "企业所在地"), SEQ, ("product", "产品名称"), MODEL,
             ("finding", "不合格项目"), ("result", "检测结果")])
    g = table(s, samples(s, "吸油烟机", 21), foot=["注：能效等级以产品铭牌为准。"])
    write_docx(TMP / "lo" / "16.docx", [title(2, "吸油烟机"), g], s)
    later["docx"].append(TMP / "lo" / "16.docx")

    # --- PDFs
    s = dict(file="17.pdf", font=FONT, repeat_head=True, footer=True, breaks=0.2, narrow=dict(product=1.5, producer=1.8, place=1.5),
             head=[SEQ, ("product", "产品名称"), ("producer", "标称生产企业名称"), ("place", "生产单位所在地"), MODEL, BATCH,
             ("不合格项目", [("finding", "项目"), ("std", "标准值"), ("result", "检验值")])])
    g = table(s, samples(s, "儿童家具", 32))
    # these three lines above the table make the first page end within rows 21 and 22 of truth.tsv (one sample)
    above = ["抽查时间：2026年第2季度", "抽查领域：生产、流通", "不合格产品：23批次"]
    write_docx(TMP / "17.docx", [title(1, "儿童家具"), *above, g, "注：检验值仅对所抽样品负责。"], s)

    s = dict(file="18.pdf", font=FONT, footer=True, tall=44, head=[SEQ, ("producer", "生产企业"), ("place", "所在地"), ("product", "样品名称"), BRAND,
             MODEL, ("finding", "不合格项目"), ("result", "检验结果"), STD])
    g = table(s, samples(s, "书包", 30), title(2, "学生书包"))
    write_xlsx(TMP / "18.xlsx", [("Sheet1", g, ["注：序号不代表排名。"])], s)

    s = dict(file="19.pdf", font=FONT, fill="blank", head=[SEQ, ("product", "产品名称"), ("producer", "标称生产单位"), ("place", "所在地"),
             ("finding", "主要不合格项目"), ("result", "实测值")])
    g = table(s, samples(s, "台灯", 24))
    s2 = dict(file="19.pdf", no_truth=True, head=[SEQ, ("lab", "承检机构"), ("phone", "联系电话")])
    labs = [dict(seq=i, firm=x, lab=x, phone=f"0000-55501{i:02}", found=[("", "", "")]) for i, x in enumerate(LABS, 1)]
    b = table(s2, labs)
    write_docx(TMP / "19.docx", [title(3, "读写台灯"), g, "附表：承检机构汇总", b], s)
    later["pdf"] += [TMP / "17.docx", TMP / "18.xlsx", TMP / "19.docx"]

    s = dict(file="20.pdf", multi=False, fill="repeat", breaks=0.2, head=[SEQ, ("product", "抽查产品名称"), ("producer", "标称生产企业"),
             ("place", "生产企业所在地"), MODEL, BATCH, ("不合格项目", [("finding", "项目名称"), ("result", "检验值"), ("std", "标准值")])])
    g = table(s, samples(s, "食用油", 28))
    write_pdf(HERE / s["file"], title(7, "食用植物油"), *g, ["注：排名不分先后。"], s)

    # --- the odd ones
    s = dict(file="page.xls", breaks=0.3, head=[SEQ, ("product", "产品名称"), ("producer", "标称生产企业名称"), ("place", "所在地"), BRAND,
             ("finding", "不合格项目"), ("result", "检验结果")])
    g = table(s, samples(s, "羽绒服", 16), title(1, "羽绒服装"))
    write_html(HERE / s["file"], "", g[0], ["注：排名不分先后。"])

    s = dict(file="table.csv", fill="blank", breaks=0.3, head=[SEQ, ("product", "产品名称"), ("producer", "生产企业"), ("place", "所在地"), MODEL,
             ("finding", "不合格项目"), ("result", "检验值")])
    data = samples(s, "电风扇", 14)
    for x in data[:1]:
        x["producer"], x["place"] = "惠州市䶮禾渡电器有限公司", "广东省惠州市"  # a character of four bytes in GB18030
    g = table(s, data, title(1, "电风扇"))
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([c.value if c else "" for c in row] for row in g[0])
    (HERE / s["file"]).write_bytes(out.getvalue().encode("gb18030"))

    s = dict(file="image.pdf", no_truth=True, multi=False, fill="repeat", head=[SEQ, ("product", "产品名称"), ("producer", "生产企业"),
             ("place", "所在地"), ("finding", "不合格项目"), ("result", "检验结果")])
    g = table(s, samples(s, "水嘴", 5))
    write_image(HERE / s["file"], title(1, "陶瓷片密封水嘴"), *g, s)

    s = dict(file="type0.pdf", breaks=0.2, head=[SEQ, ("product", "产品名称"), ("producer", "生产企业"), ("place", "所在地"),
             ("finding", "不合格项目"), ("result", "检验结果"), STD])
    g = table(s, samples(s, "水嘴", 12))
    write_type0(HERE / s["file"], title(2, "陶瓷片密封水嘴"), *g, ["注：排名不分先后。"], s)

    class GbkInfo(zipfile.ZipInfo):  # member names in GBK, without the UTF-8 flag
        def _encodeFilenameFlags(self):
            return self.filename.encode("gbk"), self.flag_bits & ~0x800

    with zipfile.ZipFile(HERE / "zip.zip", "w") as z:
        for name, src in [("移动电源不合格产品名单.xlsx", "05.xlsx"), ("附件2/糕点不合格产品信息.xlsx", "07.xlsx")]:
            info = GbkInfo(name, (2026, 3, 2, 0, 0, 0))
            info.create_system = 0
            z.writestr(info, (HERE / src).read_bytes(), zipfile.ZIP_STORED)

    convert("xls:MS Excel 97", *later["xls"])
    convert("doc:MS Word 97", *later["doc"])
    convert("pdf", *later["pdf"])
    convert("xlsx:Calc MS Excel 2007 XML", *later["xlsx"])
    convert("docx:MS Word 2007 XML", *later["docx"])
    for name in ("08.xlsx", "16.docx"):
        rezip(HERE / name)
    for path in later["pdf"]:  # fixed dates and ids, of the same length
        path = HERE / (path.stem + ".pdf")
        data = re.sub(rb"/CreationDate\(D:\d{14}", b"/CreationDate(D:20260302000000", path.read_bytes())
        path.write_bytes(re.sub(rb"(?<=[</])[0-9A-F]{32}\b", b"0" * 32, data))

    with open(HERE / "truth.tsv", "w", encoding="utf-8") as f:
        f.write("\t".join(["file", "row"] + FIELDS) + "\n")
        f.writelines("\t".join(map(str, t)) + "\n" for t in truth)
    with open(HERE / "heads.toml", "w", encoding="utf-8") as f:
        f.write("# Head texts over all files, line breaks within a cell removed. groups: upper cells of a two-row head;\n"
                "# finding_and_values: one column with item, result and standard value cut by ║ (07.xlsx); other: not in truth.tsv.\n")
        for k, v in heads.items():
            f.write(f"{k} = [{', '.join(chr(34) + x + chr(34) for x in dict.fromkeys(v))}]\n")
    shutil.rmtree(TMP)


main()
