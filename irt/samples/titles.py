"""Short titles of the questions in the simulated school year: topics in teaching order, each with three questions."""

from __future__ import annotations

from collections.abc import Mapping

MATHEMATICS: Mapping[str, str] = {
    "Negative numbers": "number line, subtraction, temperature",
    "Order of operations": "brackets, powers, missing sign",
    "Fractions": "addition, division, comparing",
    "Decimals": "rounding, place value, money",
    "Percentages": "discount, increase, finding the whole",
    "Ratio": "recipe, sharing, scale drawing",
    "Proportion": "speed, inverse proportion, table",
    "Algebraic expressions": "collecting terms, substitution, formula",
    "Linear equations": "one unknown, brackets, word problem",
    "Inequalities": "number line, solving, word problem",
    "Coordinates": "quadrants, midpoint, distance",
    "Graphs of lines": "slope, intercept, reading",
    "Simultaneous equations": "elimination, substitution, tickets",
    "Factorising": "common factor, difference of squares, trinomial",
    "Quadratic equations": "factor method, formula, area problem",
    "Square roots": "estimating, simplifying, side of a square",
    "Angles": "parallel lines, triangle, polygon",
    "Congruence": "condition, proof step, overlapping triangles",
    "Similarity": "scale factor, shadow, area ratio",
    "Circles": "arc length, inscribed angle, sector",
    "Pythagoras": "missing side, ladder, box diagonal",
    "Area": "trapezium, compound shape, unit change",
    "Volume": "prism, cone, water tank",
    "Surface area": "cuboid, cylinder, pyramid",
    "Functions": "rule from table, rate of change, parabola",
    "Sequences": "next term, n-th term, matchsticks",
    "Probability": "two dice, tree diagram, not happening",
    "Mean and median": "from a list, from a table, effect of an outlier",
    "Charts": "histogram, box plot, misleading axis",
    "Sampling": "fair sample, estimate, capture and release",
    "Proof": "even numbers, counterexample, next step",
}

SCIENCE: Mapping[str, str] = {
    "Density": "floating egg, ice on water, calculation",
    "Solutions": "concentration, crystals, stirring",
    "States of matter": "boiling water, particles, dry ice",
    "Gases": "collecting oxygen, carbon dioxide test, smell",
    "Light": "mirror angle, bending in water, lens image",
    "Sound": "pitch of a string, echo, vacuum",
    "Forces": "spring, balance, weight and mass",
    "Pressure": "snowshoes, deep water, suction cup",
    "Flowers": "parts, pollination, seeds",
    "Leaves": "veins, stomata, sunlight",
    "Plant groups": "ferns, mosses, conifers",
    "Volcanoes": "lava shapes, ash layer, minerals",
    "Earthquakes": "first waves, arrival times, magnitude",
    "Rock layers": "fossils, order of layers, fault line",
    "Atoms": "symbols, counting, molecules",
    "Chemical change": "iron and sulphur, heating, mass stays",
    "Oxidation": "burning magnesium, rust, copper oxide",
    "Circuits": "series lamp, parallel lamp, ammeter",
    "Ohm's law": "resistance, graph, two resistors",
    "Electric power": "kettle, daily use, heat",
    "Magnetism": "coil, motor, induction",
    "Cells": "onion skin, microscope, plant and animal",
    "Digestion": "saliva test, enzymes, small intestine",
    "Blood": "heart, oxygen, kidneys",
    "Nerves": "reflex, reaction time, eye",
    "Weather": "cloud in a bottle, humidity, front",
    "Air pressure": "map, wind, altitude",
    "Motion": "tape timer, average speed, free fall",
    "Energy": "pendulum, roller coaster, efficiency",
    "Work": "pulley, lever, ramp",
    "Acids and bases": "indicator, neutralising, ions",
    "Batteries": "electrodes, ion flow, fuel cell",
    "Heredity": "pea plants, dominant trait, DNA",
    "Solar system": "phases of the Moon, Venus, seasons",
    "Ecosystems": "food web, decomposers, balance",
}

JAPANESE: Mapping[str, str] = {
    "漢字の読み": "音読み、訓読み、熟字訓",
    "漢字の書き": "同音異義語、送り仮名、部首",
    "四字熟語": "意味、空欄補充、使い方",
    "ことわざ": "意味、似た意味、場面",
    "慣用句": "体の部分、意味、誤用",
    "文の成分": "主語と述語、修飾語、接続語",
    "品詞": "動詞の活用、形容動詞、副詞",
    "助詞と助動詞": "「の」の働き、「れる」の意味、「ない」の識別",
    "敬語": "尊敬語、謙譲語、電話の応対",
    "文のねじれ": "主語の対応、読点の位置、係り受け",
    "説明文「森と海」": "要旨、指示語、段落の関係",
    "説明文「言葉の進化」": "接続語、筆者の主張、具体例",
    "説明文「時計の歴史」": "要約、対比、理由",
    "論説文「便利さとは」": "主張、反論、結論",
    "小説「祖父の庭」": "心情、情景描写、人物像",
    "小説「夏の駅」": "比喩、場面の転換、行動の理由",
    "随筆「雨の音」": "表現の工夫、筆者の思い、題名の意味",
    "詩": "表現技法、連の構成、主題",
    "短歌": "句切れ、枕詞、情景",
    "俳句": "季語、切れ字、鑑賞",
    "古文「竹取物語」": "仮名遣い、口語訳、主語",
    "古文「枕草子」": "季節、古語の意味、係り結び",
    "古文「徒然草」": "教訓、会話の範囲、口語訳",
    "漢文": "返り点、書き下し文、故事成語",
    "資料の読み取り": "グラフ、表、複数の資料",
    "話し合い": "司会の役割、発言の意図、まとめ",
    "推敲": "一文の長さ、言い換え、構成",
}

SOCIAL_STUDIES: Mapping[str, str] = {
    "地図": "等高線、縮尺、地図記号",
    "緯度と経度": "時差、対蹠点、日付変更線",
    "世界の気候": "雨温図、乾燥帯、季節風",
    "アジア": "人口、工業化、宗教",
    "ヨーロッパ": "EU、農業、海流",
    "アフリカ": "植民地、鉱産資源、砂漠",
    "アメリカ": "農業地帯、移民、先端技術",
    "日本の地形": "扇状地、リアス海岸、火山",
    "日本の気候": "梅雨、日本海側、瀬戸内",
    "日本の産業": "工業地帯、促成栽培、貿易",
    "人口と都市": "過疎、人口ピラミッド、昼間人口",
    "古代": "邪馬台国、律令、平安京",
    "中世": "鎌倉幕府、元寇、応仁の乱",
    "近世": "太閤検地、鎖国、三大改革",
    "開国": "黒船、不平等条約、大政奉還",
    "明治": "地租改正、殖産興業、憲法",
    "二つの大戦": "講和会議、世界恐慌、年表",
    "戦後": "農地改革、高度成長、石油危機",
    "日本国憲法": "三つの原則、基本的人権、改正",
    "国会": "二院制、法律ができるまで、予算",
    "内閣と裁判所": "議院内閣制、三審制、裁判員",
    "地方自治": "直接請求、財源、条例",
    "経済": "需要と供給、円高、消費者",
    "税と社会保障": "累進課税、年金、少子高齢化",
    "国際社会": "国連、温暖化、支援",
}


def titles_of(topics: Mapping[str, str]) -> tuple[str, ...]:
    """All titles of a subject: "Topic: question", in teaching order.

    Examples
    --------
    >>> titles_of({"Ratio": "recipe, sharing"})
    ('Ratio: recipe', 'Ratio: sharing')
    """
    return tuple(
        f"{topic}: {question.strip()}"
        for topic, questions in topics.items()
        for question in questions.replace("、", ",").split(",")
    )
