/* agent/http.h - the local endpoint of `agn-agent run`: a thread of its own that owns the socket and its own handle of
 * the spool.
 *
 * It binds the loopback address alone. What a stranger can hold is bounded: connections, their memory, a request's size
 * and the time that it may take. */
#ifndef AGENT_HTTP_H
#define AGENT_HTTP_H

#include "agent/office.h"

struct http;

/* OFFICE is borrowed: its spool is not touched. Signals are blocked already. NULL with the reason in the user's
 * language. */
struct http *http_start(const struct office *office, char reterr_reason[512]);
/* Ends the thread after the request at hand. Takes NULL. */
void http_stop(struct http *http);

#endif
