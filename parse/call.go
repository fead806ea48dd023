package parse

// Why a task wants a call rather than a queue.
const (
	CallIncident  = "incident"  // something is down now
	CallDispute   = "dispute"   // people disagree
	CallDiscovery = "discovery" // nobody knows yet what is wanted
)

// CallReason says why a text wants a call, "" if it does not read like that.
func CallReason(text string) string { return callReason(fold(text[:min(len(text), adviceBytes)])) }

func callReason(folded string) string {
	for _, why := range []string{CallIncident, CallDispute, CallDiscovery} {
		if advice["call-"+why].in(folded) {
			return why
		}
	}
	return ""
}
