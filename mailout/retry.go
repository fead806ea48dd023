package mailout

import (
	"errors"
	"time"

	"gatepost/oauth"
)

// steps are the waits after the first failures; the last one repeats. RFC 5321
// §4.5.4.1 asks for at least 30 minutes between tries later on, and 4–5 days
// in all; three are enough for a letter about a three-day cycle.
var steps = []time.Duration{
	time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour,
}

// giveUp is how long a letter is tried while the server takes others.
const giveUp = 72 * time.Hour

// enough is how many tries a letter has in any case, however old it is: those of
// a day, or of two by working hours.
const enough = 12

// Retry tells how long to wait after the n-th failed attempt (n ≥ 1), and
// whether to try again at all. Letters are spread by up to a tenth of the
// wait, by their serial: nothing is random.
func Retry(n int, serial int64) (wait time.Duration, again bool) {
	var total time.Duration
	for i := range n {
		wait = steps[min(i, len(steps)-1)]
		if total += wait; total > giveUp {
			return 0, false
		}
	}
	spread := uint64(serial) * 0x9e3779b97f4a7c15 >> 54 // 0…1023, evenly over serials
	return wait + wait*time.Duration(spread)/10240, true
}

// The pauses of Run after passes that were cut short.
const (
	restFirst = 15 * time.Second
	restMost  = 5 * time.Minute
	restLogin = 10 * time.Minute
)

// rest is how long to wait after so many passes in a row were cut short (n ≥ 1):
// doubling up to restMost if the server cannot be reached, restLogin if it
// refuses the login. An outbox that fails is asked again soon, as nobody else
// is bothered and work is to go on soon after a disk has room again.
func rest(err error, n int) time.Duration {
	var answer *SendError
	switch {
	case refused(err):
		return restLogin
	case errors.As(err, &answer):
		return min(restFirst<<min(n-1, 10), restMost)
	}
	return restFirst
}

// refused tells that the server did not take the login for good, or that there
// is nothing to log in with until a person has done something.
func refused(err error) bool {
	if errors.Is(err, oauth.ErrGrant) || errors.Is(err, oauth.ErrClient) {
		return true
	}
	var answer *SendError
	return errors.As(err, &answer) && (lockedOut(answer.Code) || answer.Stage == "auth" && answer.Code >= 500)
}
