#include <muster/credentials/signed_time.h>

#include <muster/base/clock.h>
#include <muster/wire/xml_in.h>

#define NS_UTILITY "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"

/* What is malformed is so for whoever reads a Security header, not only here. */
static enum outcome
child_read(const xmlNode *parent, const char *name, xmlNode **child, struct why *why)
{
	struct why reason = { "" };

	if (xml_child(parent, NS_UTILITY, name, child, &reason) != OUTCOME_OK)
		return refuse(why, OUTCOME_INVALID_SECURITY, "%s", reason.text);
	return OUTCOME_OK;
}

static enum outcome
time_read(struct arena *arena, const xmlNode *timestamp, const char *name, int64_t *ms, struct why *why)
{
	xmlNode *node = NULL;
	enum outcome o;

	if ((o = child_read(timestamp, name, &node, why)) != OUTCOME_OK)
		return o;
	if (node == NULL)
		return refuse(why, OUTCOME_INVALID_SECURITY, "Timestamp: without %s", name);
	if (!clock_from_text(xml_text(arena, node), ms))
		return refuse(why, OUTCOME_INVALID_SECURITY, "Timestamp: %s '%.60s' is no time", name,
		    xml_text(arena, node));
	return OUTCOME_OK;
}

enum outcome
signed_time_read(struct arena *arena, const xmlNode *security, struct signed_time *time, struct why *why)
{
	xmlNode *timestamp = NULL;
	enum outcome o;

	*time = (struct signed_time){ 0, 0 };
	if ((o = child_read(security, "Timestamp", &timestamp, why)) != OUTCOME_OK || timestamp == NULL)
		return o;
	if ((o = time_read(arena, timestamp, "Created", &time->created, why)) != OUTCOME_OK)
		return o;
	return time_read(arena, timestamp, "Expires", &time->expires, why);
}

enum outcome
signed_time_check(
    struct arena *arena, const struct signed_time *time, int64_t now_ms, int64_t skew_ms, struct why *why)
{
	if (time->created == 0 || time->expires == 0)
		return refuse(why, OUTCOME_AUTHENTICATION, "the signed message has no Timestamp");
	if (time->expires < time->created || time->expires - time->created > SIGNED_LIFE_MS)
		return refuse(why, OUTCOME_AUTHENTICATION,
		    "the signed message is said to live from %s to %s, a day at most is accepted",
		    clock_text(arena, time->created), clock_text(arena, time->expires));
	if (time->created > now_ms + skew_ms)
		return refuse(why, OUTCOME_AUTHENTICATION,
		    "the signed message is of %s, %lld s ahead of the server's clock, of which %lld are "
		    "accepted",
		    clock_text(arena, time->created), (long long)(time->created - now_ms) / 1000,
		    (long long)skew_ms / 1000);
	if (time->expires <= now_ms - skew_ms)
		return refuse(why, OUTCOME_AUTHENTICATION,
		    "the signed message ended on %s, %lld s ago, of which %lld are accepted",
		    clock_text(arena, time->expires), (long long)(now_ms - time->expires) / 1000,
		    (long long)skew_ms / 1000);
	return OUTCOME_OK;
}
