package mailout

import (
	"errors"
	"fmt"
	"net/textproto"
	"slices"
	"strings"
)

// SendError says where a delivery stopped, and whether trying again can help.
type SendError struct {
	Code      int    // answer of the server; 0 if it gave none
	Permanent bool   // the letter will never be taken as it is
	Stage     string // connect, auth, mail, rcpt, data, end
	Err       error
}

func (e *SendError) Error() string { return fmt.Sprintf("smtp %s: %v", e.Stage, e.Err) }

func (e *SendError) Unwrap() error { return e.Err }

// Unreachable tells that it is not about this letter: the server did not
// answer, or did not let us in.
func (e *SendError) Unreachable() bool {
	return e.Stage == "connect" || e.Stage == "auth" || e.Code == 421 || lockedOut(e.Code)
}

// namesNobody tells that what the server said, or did not say, would meet any other
// letter alike: it had heard of no reader yet, or blames the sender.
func (e *SendError) namesNobody() bool {
	return e.Unreachable() || e.Stage == "mail" || e.Code >= 500 && !e.Permanent
}

// lockedOut are the 5xx answers that mean "log in first" or "wrong password"
// (RFC 4954 §6): the config is wrong and the letter is not, so it waits.
func lockedOut(code int) bool { return code == 530 || code == 534 || code == 535 || code == 538 }

// ofTheSender are the answers, at any stage, that blame the sender or its
// account: its address (RFC 3463 §3.2), what may be sent in a day (Google 5.4.5,
// Exchange 5.1.90), an address that this account may not send as (Exchange 5.7.60).
var ofTheSender = []string{"5.1.7", "5.1.8", "5.1.90", "5.4.5", "5.7.60"}

// ofTheLetter tells that a 5xx answer is to this letter or its reader. What is
// said to MAIL is not, save that the letter is too large: it names no reader,
// and meets each letter alike until somebody has mended the mailbox. Taken for
// good it would cost all the letters of that time, and every reader their good
// name.
func ofTheLetter(stage string, answer *textproto.Error) bool {
	switch stage {
	case "connect", "auth":
		return false
	case "mail":
		return answer.Code == 552
	}
	status, _, _ := strings.Cut(answer.Msg, " ")
	return !lockedOut(answer.Code) && !slices.Contains(ofTheSender, status)
}

// classify makes a SendError of whatever went wrong at a stage. Only a 5xx
// answer to the letter itself is for good; a connection that ends is not, also
// after the final dot, where the letter may have been taken.
func classify(stage string, err error) *SendError {
	out := &SendError{Stage: stage, Err: err}
	var answer *textproto.Error
	if errors.As(err, &answer) {
		out.Code = answer.Code
		out.Permanent = answer.Code >= 500 && ofTheLetter(stage, answer)
	}
	return out
}
