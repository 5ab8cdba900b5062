#   Rules that look for clusters among risk warnings. Copy to the hub's (or the province's) folder as signals.zpl.
#   在风险预警中寻找聚集的规则。请复制到枢纽（或省级平台）目录，文件名 signals.zpl。
#
#   All of it stands below the one section `signals`. A rule is a section in that; its name is its identity: what was
#   signalled is remembered under it.  全部内容均在唯一的 signals 段内：其下每个子段为一条规则，名称即其标识
#     group         what the warnings have in common, some of: model_name, model_vendor, sector (who),
#                   risk_domain, risk_subdomain, harm_kind (what)                        按何分组
#     label         the rule's name for people                                           规则名称
#     window        days that are looked at, the last being today              (90)      观察期（天）
#     base          as many windows before it give the base rate                (4)      基准期个数
#     count         at least so many warnings in the window                     (3)      最少件数
#     institutions  of at least so many institutions                            (1)      最少机构数
#     ratio         count against the mean of the base, at least; 0: not asked  (0)      与基准之比
#     ror           the lower bound of the reporting odds ratio's 95 % interval exceeds it; 0: not asked;
#                   the group must have both a `who` and a `what`               (0)      报告比值比下限
#     level         of the composite warning that is raised, 1 to 4             (4)      预警级别
#     cool_down     days in which the same cluster is not signalled again      (90)      冷却期（天）
#     growth        per cent by which its evidence must grow to be signalled within the cool-down;
#                   0: never                                                  (100)      冷却期内再次发出所需的增幅
#   A rule with `ratio` is silent until one whole window before the present one is known. Of warnings, only actual ones
#   count that were not cancelled; one in which a key of the group is not stated is left out of the rule.
#   Try them before use: agn-hub signals --rules FILE --replay
#   使用前请试算：agn-hub signals --rules FILE --replay

signals
#   Names that say nothing and make no cluster.  不构成聚集的名称
    ignore = "unknown, n/a, none, not stated, 未知, 不详, 无, 其他, 自研"

#   The same model does the same harm at several institutions: the rule that matters most.
    model-domain
        label = "同一模型·同类风险"
        group = "model_name, risk_domain"
        window = 90
        count = 3
        institutions = 2
        level = 3
        cool_down = 90

#   More warnings of a model at several institutions than it used to have.
    model-surge
        label = "同一模型·预警增多"
        group = "model_name"
        window = 90
        base = 4
        count = 5
        institutions = 2
        ratio = 2
        level = 3
        cool_down = 90

#   A vendor's systems are reported for one kind of risk out of proportion to everybody else's.
    vendor-domain
        label = "同一提供方·风险不成比例"
        group = "model_vendor, risk_domain"
        window = 365
        base = 2
        count = 3
        ror = 1
        level = 3
        cool_down = 180

#   A vendor is reported far more often than before.
    vendor-surge
        label = "同一提供方·预警增多"
        group = "model_vendor"
        window = 180
        base = 4
        count = 4
        ratio = 2
        level = 3
        cool_down = 180

#   A finer kind of risk spreads over many institutions, whatever the model.
    subdomain-spread
        label = "同类风险·多机构扩散"
        group = "risk_subdomain"
        window = 90
        base = 4
        count = 8
        institutions = 5
        ratio = 2
        level = 3
        cool_down = 90

#   A sector is hit by one kind of risk out of proportion.
    sector-domain
        label = "领域·风险不成比例"
        group = "sector, risk_domain"
        window = 365
        base = 2
        count = 4
        institutions = 3
        ror = 1
        level = 4
        cool_down = 365
