#include "proto/kinds.h"
#include "proto/project.h"

#include <stdbool.h>
#include <string.h>

/* Every enumeration of the data dictionary §1: the code travels, the labels are looked up. A code is never taken back.
 */

static const struct label tier_labels[] = {
    {"entity", "Innovation entity", "创新主体"},
    {"city", "Pilot city", "先导城市"},
    {"province", "Province", "省级统筹"},
};

static const struct label entity_type_labels[] = {
    {"enterprise", "Enterprise", "企业"},
    {"university", "University", "高等学校"},
    {"institute", "Research institute", "科研机构"},
    {"hospital", "Medical institution", "医疗卫生机构"},
    {"other", "Other", "其他"},
};

static const struct label sector_labels[] = {
    {"foundation", "AI foundation (data, algorithms, models)", "人工智能基础底座（数据、算法、模型等）"},
    {"manufacturing", "Manufacturing", "制造"},
    {"science", "Science", "科技"},
    {"culture", "Culture", "文化"},
    {"healthcare", "Healthcare", "医疗"},
    {"finance", "Finance", "金融"},
    {"agriculture", "Agriculture", "农业"},
    {"tourism", "Tourism", "旅游"},
    {"consumer", "Consumer", "消费"},
    {"other", "Other", "其他"},
};

static const struct label procedure_labels[] = {
    [PROCEDURE_GENERAL] = {"general", "General procedure (meeting)", "一般程序（会议审查）"},
    [PROCEDURE_SIMPLIFIED] = {"simplified", "Simplified procedure", "简易程序"},
    [PROCEDURE_EXPERT_REREVIEW] = {"expert_rereview", "Expert re-review", "专家复核程序"},
    [PROCEDURE_EMERGENCY] = {"emergency", "Emergency procedure", "应急程序"},
};

static const struct label decision_labels[] = {
    [DECISION_APPROVED] = {"approved", "Approved", "批准"},
    [DECISION_APPROVED_WITH_CHANGES] = {"approved_with_changes", "Approved with changes", "修改后批准"},
    [DECISION_RESUBMIT] = {"resubmit", "Change and resubmit", "修改后再审"},
    [DECISION_REJECTED] = {"rejected", "Rejected", "不予批准"},
    [DECISION_SUSPENDED] = {"suspended", "Suspended", "暂停"},
    [DECISION_TERMINATED] = {"terminated", "Terminated", "终止"},
};

static const struct label review_stage_labels[] = {
    [STAGE_INITIAL] = {"initial", "Initial review", "初次审查"},
    [STAGE_AMENDMENT] = {"amendment", "Review of an amendment", "变更审查"},
    [STAGE_FOLLOW_UP] = {"follow_up", "Follow-up review", "跟踪审查"},
    [STAGE_RE_REVIEW] = {"re_review", "Review after changes", "再审"},
    [STAGE_APPEAL] = {"appeal", "Appeal", "申诉复议"},
    [STAGE_CLOSING] = {"closing", "Closing", "结题"},
};

static const struct label rereview_list_item_labels[] = {
    [ITEM_HUMAN_MACHINE] = {"human_machine", "Human-machine system with strong influence on behaviour, mind or health",
                            "对人的主观行为、心理情绪和生命健康等具有较强影响的人机融合系统"},
    [ITEM_PUBLIC_OPINION] = {"public_opinion", "Algorithm, application or system able to mobilise or guide opinion",
                             "具有舆论社会动员能力和社会意识引导能力的算法模型、应用程序及系统"},
    [ITEM_HIGH_AUTONOMY] = {"high_autonomy", "Highly autonomous decision system where safety or health is at risk",
                            "面向存在安全、人身健康风险等场景的具有高度自主能力的自动化决策系统"},
    [ITEM_OTHER_LISTED] = {"other_listed", "Another item of the list", "清单其他项"},
    [ITEM_NONE] = {"none", "Not on the list", "不属于"},
};

static const struct label principle_labels[] = {
    {"wellbeing", "Human wellbeing", "增进人类福祉"},
    {"fairness", "Fairness and justice", "公平公正"},
    {"controllability", "Controllable and trustworthy", "可控可信"},
    {"transparency", "Transparent and explainable", "透明可解释"},
    {"accountability", "Accountable and traceable", "责任可追溯"},
    {"privacy", "Privacy protection", "隐私保护"},
};

static const struct label assessment_labels[] = {
    {"met", "Met", "符合"},
    {"met_with_conditions", "Met with conditions", "有条件符合"},
    {"not_met", "Not met", "不符合"},
    {"not_applicable", "Not applicable", "不适用"},
};

static const struct label risk_grade_labels[] = {
    [GRADE_MINIMAL] = {"minimal", "Not above minimal risk", "不高于最低风险"},
    [GRADE_LOW] = {"low", "Low", "低"},
    [GRADE_MEDIUM] = {"medium", "Medium", "中"},
    [GRADE_HIGH] = {"high", "High", "高"},
};

static const struct label warning_level_labels[] = {
    {"1", "1 extremely grave (red)", "特别重大·红"},
    {"2", "2 grave (orange)", "重大·橙"},
    {"3", "3 serious (yellow)", "较大·黄"},
    {"4", "4 ordinary (blue)", "一般·蓝"},
};

static const struct label warning_status_labels[] = {
    [STATUS_ACTUAL] = {"actual", "Actual", "实际"},
    [STATUS_EXERCISE] = {"exercise", "Exercise", "演练"},
    [STATUS_TEST] = {"test", "Test", "测试"},
    [STATUS_DRAFT] = {"draft", "Draft", "草稿"},
};

static const struct label warning_state_labels[] = {
    [STATE_RAISED] = {"raised", "Raised", "已发出"},
    [STATE_ACKNOWLEDGED] = {"acknowledged", "Acknowledged", "已受理"},
    [STATE_HANDLING] = {"handling", "Being handled", "处置中"},
    [STATE_RESOLVED] = {"resolved", "Resolved", "已解除"},
    [STATE_CANCELLED] = {"cancelled", "Cancelled", "已撤销"},
    [STATE_SUPERSEDED] = {"superseded", "Superseded", "已被更新"},
};

static const struct label warning_action_labels[] = {
    [ACTION_RAISE] = {"raise", "Raise", "发出"},    [ACTION_UPDATE] = {"update", "Update", "更新"},
    [ACTION_CANCEL] = {"cancel", "Cancel", "撤销"}, [ACTION_ACKNOWLEDGE] = {"acknowledge", "Acknowledge", "受理"},
    [ACTION_HANDLE] = {"handle", "Handle", "处置"}, [ACTION_RESOLVE] = {"resolve", "Resolve", "解除"},
};

static const struct label urgency_labels[] = {
    {"immediate", "Immediate", "立即"}, {"expected", "Expected", "预期"}, {"future", "Future", "将来"},
    {"past", "Past", "已过"},           {"unknown", "Unknown", "未知"},
};

static const struct label severity_labels[] = {
    {"extreme", "Extreme", "极严重"}, {"severe", "Severe", "严重"},   {"moderate", "Moderate", "中等"},
    {"minor", "Minor", "轻微"},       {"unknown", "Unknown", "未知"},
};

static const struct label certainty_labels[] = {
    {"observed", "Observed", "已观察到"}, {"likely", "Likely", "很可能"}, {"possible", "Possible", "可能"},
    {"unlikely", "Unlikely", "不太可能"}, {"unknown", "Unknown", "未知"},
};

/* In the order of the repository: a subdomain's code begins with the number of its domain. */
static const struct label risk_domain_labels[] = {
    {"discrimination_toxicity", "1 Discrimination and toxicity", "歧视与有害内容"},
    {"privacy_security", "2 Privacy and security", "隐私与安全"},
    {"misinformation", "3 Misinformation", "虚假信息"},
    {"malicious_use", "4 Malicious use", "恶意使用"},
    {"human_computer", "5 Human-computer interaction", "人机交互"},
    {"socioeconomic_environmental", "6 Socioeconomic and environmental harms", "社会经济与环境"},
    {"system_safety", "7 System safety, failures and limitations", "系统安全、失效与局限"},
};

static const struct label risk_subdomain_labels[] = {
    {"1.1", "Unfair discrimination and misrepresentation", "不公平歧视与失实呈现"},
    {"1.2", "Exposure to toxic content", "接触有害内容"},
    {"1.3", "Unequal performance across groups", "不同群体间性能不均"},
    {"2.1", "Compromise of privacy by leaking or inferring sensitive information", "泄露或推断敏感信息而侵害隐私"},
    {"2.2", "AI system security vulnerabilities and attacks", "人工智能系统安全漏洞与攻击"},
    {"3.1", "False or misleading information", "虚假或误导信息"},
    {"3.2", "Pollution of the information ecosystem and loss of consensus reality", "信息生态污染与共识现实丧失"},
    {"4.1", "Disinformation, surveillance and influence at scale", "大规模虚假宣传、监控与影响操纵"},
    {"4.2", "Cyberattacks, weapon development or use, and mass harm", "网络攻击、武器研发或使用与大规模伤害"},
    {"4.3", "Fraud, scams and targeted manipulation", "欺诈、诈骗与定向操纵"},
    {"5.1", "Overreliance and unsafe use", "过度依赖与不安全使用"},
    {"5.2", "Loss of human agency and autonomy", "人的能动性与自主性丧失"},
    {"6.1", "Power centralization and unfair distribution of benefits", "权力集中与利益分配不公"},
    {"6.2", "Increased inequality and decline in employment quality", "不平等加剧与就业质量下降"},
    {"6.3", "Economic and cultural devaluation of human effort", "人的劳动在经济与文化上贬值"},
    {"6.4", "Competitive dynamics", "竞争态势"},
    {"6.5", "Governance failure", "治理失灵"},
    {"6.6", "Environmental harm", "环境损害"},
    {"7.1", "AI pursuing its own goals in conflict with human goals or values",
     "人工智能追求与人类目标或价值冲突的自身目标"},
    {"7.2", "AI possessing dangerous capabilities", "人工智能具备危险能力"},
    {"7.3", "Lack of capability or robustness", "能力或鲁棒性不足"},
    {"7.4", "Lack of transparency or interpretability", "透明性或可解释性不足"},
    {"7.5", "AI welfare and rights", "人工智能福祉与权利"},
    {"7.6", "Multi-agent risks", "多智能体风险"},
};

static const struct label harm_kind_labels[] = {
    {"none", "None", "无"},
    {"physical", "Physical", "人身"},
    {"psychological", "Psychological", "心理"},
    {"property", "Property", "财产"},
    {"rights", "Rights", "权利"},
    {"public_order", "Public order", "公共秩序"},
    {"environment", "Environment", "环境"},
    {"other", "Other", "其他"},
};

static const struct label lifecycle_phase_labels[] = {
    {"research", "Research", "研究"},     {"development", "Development", "开发"}, {"testing", "Testing", "测试"},
    {"deployment", "Deployment", "部署"}, {"operation", "Operation", "运行"},     {"retired", "Retired", "退役"},
};

static const struct label cause_entity_labels[] = {
    {"ai", "AI", "人工智能"},
    {"human", "Human", "人"},
    {"other", "Other", "其他"},
};

static const struct label cause_intent_labels[] = {
    {"intentional", "Intentional", "有意"},
    {"unintentional", "Unintentional", "无意"},
    {"other", "Other", "其他"},
};

static const struct label share_scope_labels[] = {
    [SCOPE_CITY_ONLY] = {"city_only", "City only", "仅限本市"},
    [SCOPE_AFFECTED_SECTORS] = {"affected_sectors", "Entities of the sectors concerned", "相关领域主体"},
    [SCOPE_ALL_ENTITIES] = {"all_entities", "All entities of the city", "全市所有主体"},
    [SCOPE_PROVINCE] = {"province", "Province", "全省"},
};

static const struct label attachment_role_labels[] = {
    {"opinion", "Review opinion", "审查意见"},
    {"plan", "Plan", "方案"},
    {"consent", "Consent form", "知情同意书"},
    {"charter", "Charter", "章程"},
    {"other", "Other", "其他"},
};

#define ENUMERATION(name)                                                                                              \
    {                                                                                                                  \
#name, name##_labels, sizeof name##_labels / sizeof name##_labels[0]                                           \
    }

const struct enumeration enum_tier = ENUMERATION(tier);
const struct enumeration enum_entity_type = ENUMERATION(entity_type);
const struct enumeration enum_sector = ENUMERATION(sector);
const struct enumeration enum_procedure = ENUMERATION(procedure);
const struct enumeration enum_decision = ENUMERATION(decision);
const struct enumeration enum_review_stage = ENUMERATION(review_stage);
const struct enumeration enum_rereview_list_item = ENUMERATION(rereview_list_item);
const struct enumeration enum_principle = ENUMERATION(principle);
const struct enumeration enum_assessment = ENUMERATION(assessment);
const struct enumeration enum_risk_grade = ENUMERATION(risk_grade);
const struct enumeration enum_warning_level = ENUMERATION(warning_level);
const struct enumeration enum_warning_status = ENUMERATION(warning_status);
const struct enumeration enum_warning_state = ENUMERATION(warning_state);
const struct enumeration enum_warning_action = ENUMERATION(warning_action);
const struct enumeration enum_urgency = ENUMERATION(urgency);
const struct enumeration enum_severity = ENUMERATION(severity);
const struct enumeration enum_certainty = ENUMERATION(certainty);
const struct enumeration enum_risk_domain = ENUMERATION(risk_domain);
const struct enumeration enum_risk_subdomain = ENUMERATION(risk_subdomain);
const struct enumeration enum_harm_kind = ENUMERATION(harm_kind);
const struct enumeration enum_lifecycle_phase = ENUMERATION(lifecycle_phase);
const struct enumeration enum_cause_entity = ENUMERATION(cause_entity);
const struct enumeration enum_cause_intent = ENUMERATION(cause_intent);
const struct enumeration enum_share_scope = ENUMERATION(share_scope);
const struct enumeration enum_attachment_role = ENUMERATION(attachment_role);

/* By its own name, or by the shorter one that a record's field and an aggregate's dimension bear. */
static const struct {
    const char *name;
    const struct enumeration *codes;
} names[] = {
    {"tier", &enum_tier},
    {"entity_type", &enum_entity_type},
    {"sector", &enum_sector},
    {"procedure", &enum_procedure},
    {"decision", &enum_decision},
    {"review_stage", &enum_review_stage},
    {"rereview_list_item", &enum_rereview_list_item},
    {"principle", &enum_principle},
    {"assessment", &enum_assessment},
    {"risk_grade", &enum_risk_grade},
    {"warning_level", &enum_warning_level},
    {"level", &enum_warning_level},
    {"warning_status", &enum_warning_status},
    {"status", &enum_warning_status},
    {"warning_state", &enum_warning_state},
    {"state", &enum_warning_state},
    {"warning_action", &enum_warning_action},
    {"action", &enum_warning_action},
    {"urgency", &enum_urgency},
    {"severity", &enum_severity},
    {"certainty", &enum_certainty},
    {"risk_domain", &enum_risk_domain},
    {"risk_subdomain", &enum_risk_subdomain},
    {"harm_kind", &enum_harm_kind},
    {"lifecycle_phase", &enum_lifecycle_phase},
    {"cause_entity", &enum_cause_entity},
    {"cause_intent", &enum_cause_intent},
    {"share_scope", &enum_share_scope},
    {"attachment_role", &enum_attachment_role},
};

const struct enumeration *enumeration_find(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, name) == 0) {
            return names[i].codes;
        }
    }
    return NULL;
}

int enumeration_index(const struct enumeration *codes, struct view code)
{
    for (size_t i = 0; i < codes->count; i++) {
        const char *known = codes->labels[i].code;
        if (code.size > 0 && known[0] == (char)code.at[0] && view_is(code, known)) {
            return (int)i;
        }
    }
    return -1;
}

const char *enumeration_label(const struct enumeration *codes, const char *code, bool chinese)
{
    for (size_t i = 0; i < codes->count; i++) {
        if (strcmp(codes->labels[i].code, code) == 0) {
            return chinese ? codes->labels[i].zh : codes->labels[i].en;
        }
    }
    return code;
}
