#include "common/cap_tree.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

#include "common/cap.h"
#include "common/log.h"

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

xmlDocPtr cap_tree(struct view xml, struct faults *faults)
{
    if (xml.size > CAP_SIZE_MAX || xml.size == 0) {
        fault_add(faults, xml.size ? "too_large" : "malformed", "", "a CAP message has 1 to %d bytes", CAP_SIZE_MAX);
        return NULL;
    }
    struct bounds bounds = {.flaw = NULL};
    xmlParserCtxtPtr parser = xmlCreateMemoryParserCtxt((const char *)xml.at, (int)xml.size);
    if (!parser) {
        fault_add(faults, "malformed", "", "not XML");
        return NULL;
    }
    xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
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
