// The tracepoints of traced_pipeline.c: the events that weir reads without a map (docs/export.md).

#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER weir

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "traced_pipeline.h"

#if !defined(WEIR_TRACED_PIPELINE_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define WEIR_TRACED_PIPELINE_H

#include <lttng/tracepoint.h>

LTTNG_UST_TRACEPOINT_EVENT_CLASS(weir, activity, LTTNG_UST_TP_ARGS(const char*, what, const char*, stage),
                                 LTTNG_UST_TP_FIELDS(lttng_ust_field_string(activity, what)
                                                         lttng_ust_field_string(operator, stage)))
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(weir, activity, weir, activity_start,
                                    LTTNG_UST_TP_ARGS(const char*, what, const char*, stage))
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(weir, activity, weir, activity_end,
                                    LTTNG_UST_TP_ARGS(const char*, what, const char*, stage))

LTTNG_UST_TRACEPOINT_EVENT_CLASS(weir, message, LTTNG_UST_TP_ARGS(const char*, what, int64_t, number),
                                 LTTNG_UST_TP_FIELDS(lttng_ust_field_string(activity, what)
                                                         lttng_ust_field_integer(int64_t, correlator, number)))
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(weir, message, weir, message_sent,
                                    LTTNG_UST_TP_ARGS(const char*, what, int64_t, number))
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(weir, message, weir, message_received,
                                    LTTNG_UST_TP_ARGS(const char*, what, int64_t, number))

// Nothing that weir knows.
LTTNG_UST_TRACEPOINT_EVENT(weir, progress, LTTNG_UST_TP_ARGS(int, items),
                           LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(int, items, items)))

#endif

#include <lttng/tracepoint-event.h>
