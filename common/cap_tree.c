#include "common/cap_tree.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

#include "common/cap.h"
#include "common/cap_rows.h"
#include "common/log.h"
#include "common/mem.h"

/* libxml2's own handlers build the tree; these stand before them and stop the parser before there is anything to build:
 * a document type is met before its first declaration is read, so no entity is ever declared. */

struct bounds {
    int depth, elements;
    const char *flaw;
};

static void stop(xmlParserCtxtPtr parser, const char *flaw)
{
    struct bounds *bounds = parser->_private;
    bounds->flaw = bounds->flaw ? bounds->flaw : flaw;
    xmlStopParser(parser);
}

static void on_subset(void *self, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
    (void)name;
    (void)public_id;
    (void)system_id;
    stop(self, "a document type (<!DOCTYPE) is not taken: remove it, CAP has none");
}

static void on_reference(void *self, const xmlChar *name)
{
    (void)name;
    stop(self, "an entity is not taken: write the characters themselves");
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are libxml2's */
static void on_start(void *self, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int namespaces,
                     const xmlChar **namespace_list, int attributes, int defaulted, const xmlChar **attribute_list)
{
    xmlParserCtxtPtr parser = self;
    struct bounds *bounds = parser->_private;
    if (++bounds->depth > CAP_DEPTH_MAX || ++bounds->elements > CAP_ELEMENTS_MAX) {
        stop(parser, "over 16 levels deep or over 5000 elements: no CAP message is");
        return;
    }
    xmlSAX2StartElementNs(self, name, prefix, uri, namespaces, namespace_list, attributes, defaulted, attribute_list);
}

static void on_end(void *self, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    xmlParserCtxtPtr parser = self;
    struct bounds *bounds = parser->_private;
    bounds->depth--;
    xmlSAX2EndElementNs(self, name, prefix, uri);
}

static void tell(const xmlParserCtxtPtr parser, const struct bounds *bounds, struct faults *faults)
{
    char safe[200];
    const xmlError *error = xmlCtxtGetLastError(parser);
    const char *reason = bounds->flaw ? bounds->flaw : error && error->message ? error->message : "not XML";
    size_t size = strcspn(reason, "\n");
    log_safe(reason, size, safe, sizeof safe);
    fault_add(faults, "malformed", "", "line %d: %s", parser->input ? parser->input->line : 0, safe);
}

/* libxml2 compares every attribute of a tag with every other: 50,000 of them take a quarter of a minute. CAP has none
 * but xmlns. What begins with <! is no tag: a text in CDATA may be long. */
static bool has_long_tag(struct view xml)
{
    const uint8_t *end = xml.at + xml.size;
    const uint8_t *at = xml.at;
    while ((at = memchr(at, '<', (size_t)(end - at)))) {
        const uint8_t *close = memchr(at, '>', (size_t)(end - at));
        bool is_tag = at + 1 < end && at[1] != '!';
        if (is_tag && (close ? close : end) - at > CAP_TAG_MAX) {
            return true;
        }
        at++;
    }
    return false;
}

/* Faults that need no parser. */
static bool is_sound(struct view xml, struct faults *faults)
{
    size_t points = 0;
    if (xml.size > CAP_SIZE_MAX || xml.size == 0) {
        fault_add(faults, xml.size ? "too_large" : "malformed", "", "a CAP message has 1 to %d bytes", CAP_SIZE_MAX);
    } else if (!utf8_check(xml, &points)) {
        fault_add(faults, "bad_utf8", "", "only UTF-8 is taken: save the message in it");
    } else if (has_long_tag(xml)) {
        fault_add(faults, "malformed", "", "a tag of over %d bytes: CAP has no attributes", CAP_TAG_MAX);
    } else {
        return true;
    }
    return false;
}

xmlDocPtr cap_tree(struct view xml, struct faults *faults)
{
    if (!is_sound(xml, faults)) {
        return NULL;
    }
    struct bounds bounds = {.flaw = NULL};
    xmlParserCtxtPtr parser = xmlCreateMemoryParserCtxt((const char *)xml.at, (int)xml.size);
    if (!parser) {
        fault_add(faults, "malformed", "", "not XML");
        return NULL;
    }
    xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    parser->_private = &bounds;
    parser->sax->internalSubset = on_subset;
    parser->sax->reference = on_reference;
    parser->sax->startElementNs = on_start;
    parser->sax->endElementNs = on_end;
    xmlParseDocument(parser);
    xmlDocPtr doc = parser->myDoc;
    if (!parser->wellFormed || bounds.flaw || !doc || !xmlDocGetRootElement(doc)) {
        tell(parser, &bounds, faults);
        xmlFreeDoc(doc);
        doc = NULL;
    }
    parser->myDoc = NULL;
    xmlFreeParserCtxt(parser);
    return doc;
}

bool cap_is_cap(const xmlNode *node)
{
    return node->ns && strcmp((const char *)node->ns->href, CAP_NAMESPACE) == 0;
}

const xmlNode *cap_first(const xmlNode *node)
{
    while (node && node->type != XML_ELEMENT_NODE) {
        node = node->next;
    }
    return node;
}

const char *cap_name(const xmlNode *node)
{
    return (const char *)node->name;
}

const xmlNode *cap_find(const xmlNode *node, const char *name)
{
    for (node = cap_first(node); node; node = cap_first(node->next)) {
        if (cap_is_cap(node) && strcmp(cap_name(node), name) == 0) {
            return node;
        }
    }
    return NULL;
}

char *cap_text(const xmlNode *node)
{
    if (cap_first(node->children)) {
        return NULL;
    }
    xmlChar *text = xmlNodeGetContent(node);
    char *copy = mem_text(text ? (const char *)text : "");
    xmlFree(text);
    return copy;
}

char *cap_trim(char *text)
{
    static const char space[] = " \t\r\n";
    size_t size = strlen(text);
    while (size > 0 && strchr(space, text[size - 1])) {
        text[--size] = '\0';
    }
    memmove(text, text + strspn(text, space), size - strspn(text, space) + 1);
    return text;
}
