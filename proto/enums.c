#include "proto/kinds.h"
#include "proto/project.h"

/* Every enumeration of docs/records.md: the code travels, the labels are looked up. A code is never taken back.
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

static const struct label filing_state_labels[] = {
    {"filed", "Filed", "已报送"},
    {"returned", "Returned for correction", "已退回补正"},
    {"accepted", "Accepted", "已接收"},
    {"withdrawn", "Withdrawn", "已撤回"},
};

static const struct label rereview_state_labels[] = {
    {"requested", "Requested", "已申请"},
    {"decided", "Decided", "已出具意见"},
    {"withdrawn", "Withdrawn", "已撤回"},
};

static const struct label issue_state_labels[] = {
    {"current", "Current", "有效"},
    {"withdrawn", "Withdrawn", "已撤回"},
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

static const struct label opinion_labels[] = {
    {"agree", "Agree", "同意"},
    {"agree_with_changes", "Agree with changes", "修改后同意"},
    {"disagree", "Disagree", "不同意"},
};

static const struct label notice_category_labels[] = {
    {"policy", "Policy", "政策"},     {"requirement", "Requirement", "要求"}, {"advice", "Advice", "建议"},
    {"training", "Training", "培训"}, {"exercise", "Exercise", "演练"},
};

static const struct label gender_labels[] = {
    [GENDER_FEMALE] = {"female", "Female", "女"},
    [GENDER_MALE] = {"male", "Male", "男"},
    [GENDER_UNSTATED] = {"unstated", "Not stated", "未说明"},
};

static const struct label profession_labels[] = {
    [PROFESSION_TECHNICAL] = {"technical", "Science and technology", "科学技术"},
    [PROFESSION_ETHICS] = {"ethics", "Ethics", "伦理"},
    [PROFESSION_LAW] = {"law", "Law", "法律"},
    [PROFESSION_OTHER] = {"other", "Other", "其他"},
};

static const struct label work_item_state_labels[] = {
    {"planned", "Planned", "未开始"}, {"ongoing", "Ongoing", "进行中"}, {"done", "Done", "已完成"},
    {"delayed", "Delayed", "已延期"}, {"dropped", "Dropped", "已取消"},
};

static const struct label cover_labels[] = {
    [COVER_WARNINGS] = {"warnings", "Warnings", "风险预警"},
    [COVER_REVIEWS] = {"reviews", "Reviews", "审查情况"},
    [COVER_BOTH] = {"both", "Both", "两者"},
};

static const struct label plan_measure_labels[] = {
    [MEASURE_MANUAL] = {"manual", "Reported by hand", "人工填报"},
    [MEASURE_UNITS_JOINED] = {"units_joined", "Units joined", "已接入单位数"},
    [MEASURE_REVIEWS_REPORTED] = {"reviews_reported", "Reviews reported", "已报送审查数"},
    [MEASURE_WARNINGS_ANSWERED] = {"warnings_answered_in_time", "Warnings answered in time", "按时受理预警数"},
    [MEASURE_ANSWERED_PERCENT] = {"warnings_answered_percent", "Warnings answered in time, per cent",
                                  "预警按时受理率（%）"},
    [MEASURE_COMPLETENESS] = {"reports_received_percent", "Periodic reports received, per cent", "定期报送完整率（%）"},
    [MEASURE_TIMELINESS] = {"reports_on_time_percent", "Periodic reports on time, per cent", "定期报送及时率（%）"},
};

static const struct label answer_type_labels[] = {
    [ANSWER_TEXT] = {"text", "Text", "文本"},      [ANSWER_NUMBER] = {"number", "Number", "数字"},
    [ANSWER_FLAG] = {"flag", "Yes or no", "是否"}, [ANSWER_DATE] = {"date", "Date", "日期"},
    [ANSWER_ENUM] = {"enum", "Choice", "选项"},
};

static const struct label completeness_state_labels[] = {
    [COMPLETENESS_EXPECTED] = {"expected", "Expected", "应报"},
    [COMPLETENESS_RECEIVED] = {"received", "Received", "已报"},
    [COMPLETENESS_ON_TIME] = {"on_time", "On time", "按时"},
    [COMPLETENESS_ZERO] = {"zero", "Zero report", "零报告"},
};

static const struct label delivery_state_labels[] = {
    [DELIVERY_SENT] = {"sent", "Sent", "已发送"},       [DELIVERY_DELIVERED] = {"delivered", "Delivered", "已送达"},
    [DELIVERY_OPENED] = {"opened", "Opened", "已打开"}, [DELIVERY_ANSWERED] = {"answered", "Answered", "已答复"},
    [DELIVERY_LATE] = {"late", "Late", "逾期未答复"},
};

static const struct label operator_role_labels[] = {
    [OPERATOR_OPERATOR] = {"operator", "Operator", "操作员"},
    [OPERATOR_REVIEWER] = {"reviewer", "Reviewer", "审核员"},
    [OPERATOR_AUDITOR] = {"auditor", "Auditor", "审计员"},
    [OPERATOR_ADMINISTRATOR] = {"administrator", "Administrator", "管理员"},
};

static const struct label act_labels[ACTS] = {
    [ACT_ENTITY_ADD] = {"entity_add", "Institution registered", "登记机构"},
    [ACT_PEER_ADD] = {"peer_add", "Peer registered", "登记上级"},
    [ACT_INVITE] = {"invite", "Join link given", "发放加入链接"},
    [ACT_SUSPEND] = {"suspend", "Suspended", "暂停"},
    [ACT_RESUME] = {"resume", "Resumed", "恢复"},
    [ACT_REVOKE] = {"revoke", "Revoked", "吊销"},
    [ACT_PRUNE] = {"prune", "Uplink shortened", "清理上行流"},
    [ACT_ERASE] = {"erase", "Content of a record erased", "擦除记录内容"},
    [ACT_RETENTION] = {"retention", "Content erased at the end of its term", "保存期满擦除内容"},
    [ACT_CONFIGURATION] = {"configuration", "Configuration changed", "变更配置"},
    [ACT_OPERATORS] = {"operators", "Operators changed", "变更操作人员"},
    [ACT_HUB_START] = {"hub_start", "Hub started", "启动枢纽"},
    [ACT_HUB_STOP] = {"hub_stop", "Hub stopped", "停止枢纽"},
    [ACT_KEY_REPLACE] = {"key_replace", "Join link that replaces lost keys given", "发放替换遗失密钥的加入链接"},
    [ACT_KEY_REVOKE] = {"key_revoke", "Key revoked", "吊销密钥"},
    [ACT_KEY_ROTATE] = {"key_rotate", "Change of the hub's keys announced", "公告更换枢纽密钥"},
    [ACT_KEY_LEAKED] = {"key_leaked", "The hub's keys reported leaked and replaced", "枢纽密钥泄露并更换"},
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
const struct enumeration enum_filing_state = ENUMERATION(filing_state);
const struct enumeration enum_rereview_state = ENUMERATION(rereview_state);
const struct enumeration enum_issue_state = ENUMERATION(issue_state);
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
const struct enumeration enum_opinion = ENUMERATION(opinion);
const struct enumeration enum_notice_category = ENUMERATION(notice_category);
const struct enumeration enum_gender = ENUMERATION(gender);
const struct enumeration enum_profession = ENUMERATION(profession);
const struct enumeration enum_work_item_state = ENUMERATION(work_item_state);
const struct enumeration enum_cover = ENUMERATION(cover);
const struct enumeration enum_plan_measure = ENUMERATION(plan_measure);
const struct enumeration enum_answer_type = ENUMERATION(answer_type);
const struct enumeration enum_completeness_state = ENUMERATION(completeness_state);
const struct enumeration enum_delivery_state = ENUMERATION(delivery_state);
const struct enumeration enum_operator_role = ENUMERATION(operator_role);
const struct enumeration enum_act = ENUMERATION(act);
/* Its codes are GB/T 2260, not ours to list. */
const struct enumeration enum_district = {"district", NULL, 0};
